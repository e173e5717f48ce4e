import { uniqueNamespace } from '@towline/test-brokers'
import type { VerbCases } from '../verb-case.ts'

export const runCases: VerbCases = {
  verb: 'run',
  needs: ['broker', 'registry', 'config'],
  works: [
    {
      what: 'every agent until it is told to stop',
      call: async (project) => ({
        args: 'run --log-level silent',
        env: { TOWLINE_NAMESPACE: await project.idleNamespace() },
      }),
      until: 'ready',
      table: /^ready: digest \(\S+\)\n$/,
      says: /^draining: 0 attempts still running; .*\n$/,
      // A document of JSON would have to wait for the end.
      formats: ['table', 'jsonl'],
    },
  ],
  fails: [
    {
      what: 'an unknown agent',
      call: () => 'run nosuch --log-level silent',
      code: 4,
      says: /^error: TOWLINE_AGENT_UNKNOWN: no agent type "nosuch" is known\. Known: digest\n$/,
    },
    {
      what: 'topics that are missing',
      call: () => ({ args: 'run --log-level silent', env: { TOWLINE_NAMESPACE: uniqueNamespace() } }),
      code: 1,
      says: /^error: TOWLINE_TOPIC_MISSING: .*digest\.tasks.*\. .*towline topics apply\n$/,
    },
    {
      what: 'a topic that breaks a promise',
      call: async (project) => ({
        args: 'run --log-level silent',
        env: { TOWLINE_NAMESPACE: await project.brokenNamespace() },
      }),
      code: 6,
      says: /^error: TOWLINE_TOPIC_MISCONFIGURED: .*cleanup\.policy compact, wanted delete: .*\n$/,
    },
  ],
}
