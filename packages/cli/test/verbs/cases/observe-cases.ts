import type { VerbCases } from '../verb-case.ts'
import { missingTopics, unknownAgent } from './agent-fails.ts'

export const lagCases: VerbCases = {
  verb: 'lag',
  needs: ['broker', 'config'],
  refusedAt: 'ListOffsets',
  works: [
    {
      what: 'every agent',
      call: () => 'lag',
      table:
        /^AGENT +TOPIC +LAG +EFFECTIVE +FINISHED AHEAD +GROUP\ndigest +\S+\.digest\.tasks +[\d,]+ +[\d,]+ +\d+ +committed\n/,
    },
    { what: 'one agent', call: () => 'lag digest', table: /^AGENT .*\n(digest .*\n){3}$/ },
  ],
  fails: [unknownAgent('lag nosuch'), missingTopics('lag')],
}

export const offsetsShowCases: VerbCases = {
  verb: 'offsets show',
  needs: ['broker', 'config'],
  refusedAt: 'ListOffsets',
  works: [
    {
      what: 'every partition',
      call: () => 'offsets show digest',
      table:
        /^TOPIC +PART +COMMITTED +LOG +LAG +EFFECTIVE +UNFINISHED +PINNED BY +OWNER\n(\S+\.digest\.\S+ +\d+ +(\d+|-) +\d+–\d+ .*\n)+$/,
    },
  ],
  fails: [unknownAgent('offsets show nosuch'), missingTopics('offsets show digest')],
}

export const doctorCases: VerbCases = {
  verb: 'doctor',
  // It says what is missing instead of failing for want of it.
  needs: ['config'],
  works: [
    {
      what: 'a fleet that is well',
      call: () => 'doctor',
      table: /^ok +node +Node \d+\.\d+\.\d+\n(ok|warning) +broker .*\nok +topics +digest: 6 topics, as planned\n/,
      says: /^0 problems, \d warnings?, \d ok\n$/,
    },
    {
      what: 'the clock too',
      call: () => 'doctor --measure-clock',
      table: /\nok +clock +agrees with the brokers' within \d+ms\n$/,
      says: /^0 problems, \d warnings?, \d ok\n$/,
    },
    {
      what: 'problems, which are its findings',
      call: () => ({ args: 'doctor', env: { TOWLINE_BROKERS: '127.0.0.1:1', TOWLINE_REGISTRY: 'http://127.0.0.1:1' } }),
      code: 1,
      table:
        /^problem +broker +127\.0\.0\.1:1: TOWLINE_BROKER_UNAVAILABLE: .*\nproblem +registry +.*TOWLINE_REGISTRY_UNAVAILABLE: .*$/ms,
      says: /^not checked, since no broker answers: .*\n2 problems, 0 warnings, 1 ok\n$/,
    },
  ],
  fails: [],
}
