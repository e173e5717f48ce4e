import type { VerbCases } from '../verb-case.ts'

export const devBrokerCases: VerbCases = {
  verb: 'dev-broker',
  needs: [],
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
      call: () => 'dev-broker --port 0 --registry-port 0 --data-dir tasks.jsonl',
      code: 1,
      says: /^error: TOWLINE_DEV_BROKER_\w+: .*tasks\.jsonl.*\. \S.*\n$/,
    },
    {
      what: 'a port that is taken',
      call: ({ broker }) => `dev-broker --registry-port 0 --port ${broker.brokers[0]?.split(':')[1]}`,
      code: 1,
      says: /^error: TOWLINE_DEV_BROKER_PORT_TAKEN: .*\. \S.*\n$/,
    },
    {
      what: 'a port there cannot be',
      call: () => 'dev-broker --port 70000',
      code: 2,
      says: /^error: option '--port <n>' argument '70000' is invalid\. It must be a whole number from 0 to 65535, .*\n\(--help shows how it is used\)\n$/,
    },
  ],
}
