import { KAFKA_ERRORS } from '@towline/dev-broker'
import {
  agedNamespace,
  brokenNamespace,
  callIn,
  idleNamespace,
  namespaceWithoutSchemas,
  nowhere,
  waitingNamespace,
} from '../places.ts'
import type { VerbCases } from '../verb-case.ts'
import { unknownAgent } from './agent-fails.ts'

export const runCases: VerbCases = {
  verb: 'run',
  needs: ['broker', 'registry', 'config'],
  works: [
    {
      what: 'every agent until it is told to stop',
      call: async (project) => callIn(await idleNamespace(project), 'run --log-level silent'),
      until: 'ready',
      table: /^ready: digest \(\S+\)\n$/,
      says: /^draining: 0 attempts still running; .*\n$/,
      // A document of JSON would have to wait for the end.
      formats: ['table', 'jsonl'],
    },
  ],
  fails: [
    unknownAgent('run nosuch --log-level silent'),
    {
      what: 'topics that are missing',
      call: () => nowhere('run --log-level silent'),
      error: 'TOWLINE_TOPIC_MISSING',
      code: 1,
      says: /^error: TOWLINE_TOPIC_MISSING: .*digest\.tasks.*\. .*towline topics apply\n$/,
    },
    {
      what: 'a topic that breaks a promise',
      call: async (project) => callIn(await brokenNamespace(project), 'run --log-level silent'),
      error: 'TOWLINE_TOPIC_MISCONFIGURED',
      code: 6,
      says: /^error: TOWLINE_TOPIC_MISCONFIGURED: .*cleanup\.policy compact, wanted delete: .*\n$/,
    },
    {
      what: 'schemas that nobody pushed',
      call: async (project) => callIn(await namespaceWithoutSchemas(project), 'run --log-level silent'),
      error: 'TOWLINE_SCHEMA_UNREGISTERED',
      code: 1,
      says: /^error: TOWLINE_SCHEMA_UNREGISTERED: \S+ is not registered under \S+\. Register it with: towline schemas push\n$/,
    },
    {
      what: 'a group that lost its offsets',
      call: async (project) => callIn(await agedNamespace(project), 'run --log-level silent'),
      error: 'TOWLINE_OFFSETS_EXPIRED',
      code: 6,
      says: /^error: TOWLINE_OFFSETS_EXPIRED: group "towline\..*" has finished tasks of .*\. See where .*: towline offsets restore digest --dry-run\n$/,
    },
    {
      what: 'a group it may not join',
      call: async (project) => callIn(await idleNamespace(project), 'run --log-level silent'),
      fault: { api: 'JoinGroup', errorCode: KAFKA_ERRORS.GROUP_AUTHORIZATION_FAILED },
      error: 'TOWLINE_CONSUMER_FAILED',
      code: 1,
      says: /^error: TOWLINE_CONSUMER_FAILED: the consumer of group "towline\..*" failed: .*\. Correct what .*\n$/,
    },
    {
      what: 'to go on with handlers that ignore their signal',
      call: async (project) =>
        callIn(await waitingNamespace(project), 'run --config stuck.config.ts --no-supervisor --log-level silent', {
          TOWLINE_DRAIN: '1s',
        }),
      error: 'TOWLINE_HANDLERS_STUCK',
      code: 1,
      says: /^error: TOWLINE_HANDLERS_STUCK: 1 handlers of agent digest ignore their aborted signal .*\. Pass context\.signal .*\n$/,
      prints: /^ready: digest \(\S+\)\n$/,
    },
  ],
}
