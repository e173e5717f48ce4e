import { nowhere } from '../places.ts'
import type { VerbCases } from '../verb-case.ts'

const contradicting = (args: string) => ({ args, env: { TOWLINE_PARTITIONS_TASKS: '7' } })
const BREAKS =
  /^0 changes (to apply|applied)\nrefused: 1 setting of existing topics breaks a promise; change it as shown\n$/
const SHOWN = /^! +\S+\.digest\.tasks +partitions is 4, wanted 7: .*\n +Ask for the 4 partitions /m
const UNCHANGED = /^ {3}TOPIC +WHAT\n( {3}\S+ +as it should be\n){7}$/

const broken = (verb: string) =>
  ({
    what: 'a configuration that breaks a promise by itself',
    call: () => ({ args: `topics ${verb}`, env: { TOWLINE_RETENTION: '1m' } }),
    error: 'TOWLINE_TOPIC_MISCONFIGURED',
    code: 6,
    says: /^error: TOWLINE_TOPIC_MISCONFIGURED: retention of \S+ must be at least \d+ ms, .*, got 60000 ms\. Raise the retention, .*\n$/,
  }) as const

export const topicsPlanCases: VerbCases = {
  verb: 'topics plan',
  needs: ['broker', 'config'],
  works: [
    {
      what: 'topics that are missing',
      call: () => nowhere('topics plan'),
      table: /^ {3}TOPIC +WHAT\n\+ {2}\S+\.digest\.tasks +create, 4 partitions, 1 replica\n(\+ .*\n){6}$/,
      says: /^7 changes to apply\n$/,
    },
    { what: 'nothing to do', call: () => 'topics plan', table: UNCHANGED, says: /^0 changes to apply\n$/ },
    {
      what: 'a topic that breaks a promise',
      call: () => contradicting('topics plan'),
      code: 6,
      table: SHOWN,
      says: BREAKS,
    },
  ],
  fails: [broken('plan')],
}

export const topicsApplyCases: VerbCases = {
  verb: 'topics apply',
  needs: ['broker', 'config'],
  works: [
    {
      what: 'topics that are missing',
      call: () => nowhere('topics apply'),
      table: /^ {3}TOPIC +WHAT\n\+ {2}\S+\.digest\.tasks +created, 4 partitions, 1 replica\n(\+ .*\n){6}$/,
      says: /^7 changes applied\n$/,
    },
    { what: 'a second time', call: () => 'topics apply', table: UNCHANGED, says: /^0 changes applied\n$/ },
    {
      what: 'a topic that breaks a promise',
      call: () => contradicting('topics apply'),
      code: 6,
      table: SHOWN,
      says: BREAKS,
    },
  ],
  fails: [broken('apply')],
}
