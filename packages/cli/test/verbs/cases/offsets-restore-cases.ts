import { busyNamespace, callIn, idleNamespace } from '../places.ts'
import type { Project } from '../project.ts'
import type { Call, VerbCases } from '../verb-case.ts'
import { missingTopics, unknownAgent } from './agent-fails.ts'

const TABLE =
  'TOPIC +PART +LOG +COMMITTED +RESTORE TO +WHY +TO RUN +RUN AGAIN\n(\\S+\\.digest\\.\\S+ +\\d+ +0–0 +- +0 +nothing is left to do +0 +0\n)+\\d+ partitions to restore\n'

/** In a namespace of its own, where no runner of another case is a member. */
async function idle(project: Project, args: string): Promise<Call> {
  return callIn(await idleNamespace(project), args)
}

export const offsetsRestoreCases: VerbCases = {
  verb: 'offsets restore',
  needs: ['broker', 'config'],
  refusedAt: 'ListOffsets',
  works: [
    {
      what: 'what it would do',
      call: (project) => idle(project, 'offsets restore digest --dry-run'),
      table: new RegExp(`^${TABLE}$`),
      says: /^a dry run: nothing was changed; --yes instead of --dry-run does it\n$/,
    },
    {
      what: 'every partition without an offset',
      call: (project) => idle(project, "offsets restore digest --yes --by ana --because 'a test'"),
      table: /^\d+ partitions restored\n$/,
      says: new RegExp(`^${TABLE}$`),
    },
    {
      what: 'nothing, where every group has its offsets',
      call: async (project) => {
        const again = await idle(project, 'offsets restore digest --yes')
        if (typeof again !== 'string') await project.call(again.args, again)
        return again
      },
      table: /^TOPIC +PART .*\n(.* has its offset, left alone .*\n)+nothing to restore: every group has its offsets\n$/,
    },
  ],
  fails: [
    {
      what: 'a group that has members',
      call: async (project) => callIn(await busyNamespace(project), 'offsets restore digest --partition 0 --yes'),
      error: 'TOWLINE_GROUP_ACTIVE',
      code: 6,
      says: /^error: TOWLINE_GROUP_ACTIVE: .*\. \S.*\n$/m,
    },
    {
      what: 'what was not confirmed',
      call: (project) => idle(project, 'offsets restore digest'),
      error: 'TOWLINE_CONFIRMATION_REQUIRED',
      code: 6,
      says: new RegExp(`^${TABLE}error: TOWLINE_CONFIRMATION_REQUIRED: nothing was changed\\. Add --yes to do it\n$`),
    },
    unknownAgent('offsets restore nosuch'),
    missingTopics('offsets restore digest'),
    {
      what: 'a place it cannot read',
      call: () => 'offsets restore digest --to soon',
      error: null,
      code: 2,
      says: /^error: option '--to <where>' argument 'soon' is invalid\. It must be .*\n.*--help/,
    },
    {
      what: 'an offset of no partition in particular',
      call: (project) => idle(project, 'offsets restore digest --to 5'),
      error: 'TOWLINE_OPTION_INVALID',
      code: 2,
      says: /^error: TOWLINE_OPTION_INVALID: an offset is of one partition; .* Name it: --partition 3 --to 1200\n$/,
    },
    {
      what: 'an offset outside the log',
      call: (project) => idle(project, 'offsets restore digest --partition 3 --to 1200'),
      error: 'TOWLINE_OPTION_INVALID',
      code: 2,
      says: /^error: TOWLINE_OPTION_INVALID: the log does not hold offset 1200; it must be 0 to 0\. Correct --to\n$/,
    },
    {
      what: 'a partition there is not',
      call: (project) => idle(project, 'offsets restore digest --partition 99'),
      error: 'TOWLINE_OPTION_INVALID',
      code: 2,
      says: /^error: TOWLINE_OPTION_INVALID: there is no partition 99; it must be 0 to \d+\. Correct --partition\n$/,
    },
    {
      what: 'a topic that runners do not consume',
      call: (project) => idle(project, 'offsets restore digest --topic digest.dlq'),
      error: 'TOWLINE_OPTION_INVALID',
      code: 2,
      says: /^error: TOWLINE_OPTION_INVALID: runners of digest do not consume digest\.dlq; it must be .*\. Choose one of .*\n$/,
    },
    {
      what: 'more records than it may look at',
      call: () => 'offsets restore digest --scan-limit 0',
      error: null,
      code: 2,
      says: /^error: option '--scan-limit <n>' argument '0' is invalid\. It must be a whole number .*\n.*--help/,
    },
  ],
}
