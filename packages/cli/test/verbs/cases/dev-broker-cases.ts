import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Project } from '../project.ts'
import type { VerbCases } from '../verb-case.ts'

const ON_FREE_PORTS = 'dev-broker --port 0 --registry-port 0'

/** A data directory that a dev broker holds until the project ends. */
async function heldFolder(project: Project): Promise<string> {
  const running = project.start(`${ON_FREE_PORTS} --data-dir held`)
  project.endWith(async () => {
    running.signal('SIGTERM')
    await running.finished
  })
  await running.said('For development only')
  return 'held'
}

/** A data directory in which the first file that a dev broker reads holds something else. */
async function damagedFolder(project: Project): Promise<string> {
  const running = project.start(`${ON_FREE_PORTS} --data-dir damaged`)
  await running.said('For development only')
  running.signal('SIGTERM')
  await running.finished
  await writeFile(join(project.folder, 'damaged', 'broker.journal'), 'something else\n')
  return 'damaged'
}

export const devBrokerCases: VerbCases = {
  verb: 'dev-broker',
  needs: [],
  bringsItsBroker: true,
  works: [
    {
      what: 'on free ports until it is told to stop',
      call: () => 'dev-broker --port 0 --registry-port 0',
      until: 'For development only',
      table: /^brokers {3}127\.0\.0\.1:\d+\nregistry {2}http:\/\/127\.0\.0\.1:\d+\n$/,
      says: /^For development only: .* Stop it by Ctrl-C\.\n$/,
    },
    {
      what: 'of three nodes that keep what they hold',
      call: (_project, format) => `dev-broker --port 0 --registry-port 0 --nodes 3 --data-dir kept-${format}`,
      until: 'For development only',
      table: /^brokers {3}(127\.0\.0\.1:\d+,?){3}\nregistry {2}http:\/\/127\.0\.0\.1:\d+\n$/,
      says: /^For development only: what it holds is in kept-\w+\. Stop it by Ctrl-C\.\n$/,
    },
  ],
  fails: [
    {
      what: 'a folder that is a file',
      call: () => `${ON_FREE_PORTS} --data-dir tasks.jsonl`,
      error: 'TOWLINE_DEV_BROKER_DATA_UNUSABLE',
      code: 1,
      says: /^error: TOWLINE_DEV_BROKER_DATA_UNUSABLE: .*tasks\.jsonl.*\. Give .*\n$/,
    },
    {
      what: 'a folder in use',
      call: async (project) => `${ON_FREE_PORTS} --data-dir ${await heldFolder(project)}`,
      error: 'TOWLINE_DEV_BROKER_DATA_LOCKED',
      code: 1,
      says: /^error: TOWLINE_DEV_BROKER_DATA_LOCKED: .*held.* process \d+.*\. Stop that process, .*\n$/,
    },
    {
      what: 'a folder that is damaged',
      call: async (project) => `${ON_FREE_PORTS} --data-dir ${await damagedFolder(project)}`,
      error: 'TOWLINE_DEV_BROKER_DATA_CORRUPT',
      code: 1,
      says: /^error: TOWLINE_DEV_BROKER_DATA_CORRUPT: .*damaged.*: line 1\. Put back .*\n$/,
    },
    {
      what: 'a folder without a name',
      call: () => `${ON_FREE_PORTS} --data-dir ''`,
      error: 'TOWLINE_DEV_BROKER_OPTION_INVALID',
      code: 1,
      says: /^error: TOWLINE_DEV_BROKER_OPTION_INVALID: dataDir is empty\. Name a directory, .*\n$/,
    },
    {
      what: 'more nodes than there are ports left',
      call: () => 'dev-broker --port 65535 --registry-port 0 --nodes 2',
      error: 'TOWLINE_DEV_BROKER_CANNOT_LISTEN',
      code: 1,
      says: /^error: TOWLINE_DEV_BROKER_CANNOT_LISTEN: the dev broker cannot listen on 127\.0\.0\.1:65536: .*\. Choose a port .*\n$/,
    },
    {
      what: 'a port that is taken',
      call: ({ broker }) => `dev-broker --registry-port 0 --port ${broker.brokers[0]?.split(':')[1]}`,
      error: 'TOWLINE_DEV_BROKER_PORT_TAKEN',
      code: 1,
      says: /^error: TOWLINE_DEV_BROKER_PORT_TAKEN: .*\. Stop .*\n$/,
    },
    {
      what: 'a port there cannot be',
      call: () => 'dev-broker --port 70000',
      error: null,
      code: 2,
      says: /^error: option '--port <n>' argument '70000' is invalid\. It must be a whole number from 0 to 65535, .*\n\(--help shows how it is used\)\n$/,
    },
  ],
}
