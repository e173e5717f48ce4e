import type { FailingCase, VerbCases } from '../verb-case.ts'

const ID = '[0-9a-f-]{36}'
const UNKNOWN_ID = '019a7b2c-8d5e-7c31-9f0a-000000000000'
const MOMENT = String.raw`\d{4}-\d\d-\d\d \d\d:\d\d:\d\d-0[45]:00`
const PLANNED = `replay 2 records \\([\\d.]+ [KM]?i?B\\) of \\S+\\.digest\\.tasks into \\S+\\.digest\\.replay, written ${MOMENT} to ${MOMENT}`

const unknownAgent = (args: string): FailingCase => ({
  what: 'an unknown agent',
  call: () => args,
  code: 4,
  says: /^error: TOWLINE_AGENT_UNKNOWN: no agent type "nosuch" is known\. Known: digest\n$/,
})
const unknownReplay = (args: string): FailingCase => ({
  what: 'a replay that is not there',
  call: () => args,
  code: 4,
  says: /^error: TOWLINE_REPLAY_NOT_FOUND: digest has no replay "019a7b2c-.*"\. .*towline replay status digest\n$/,
})
const selectionFails = (verb: string): readonly FailingCase[] => [
  unknownAgent(`replay ${verb} nosuch --all`),
  {
    what: 'no selection',
    call: () => `replay ${verb} digest`,
    code: 6,
    says: /^error: TOWLINE_FILTER_REQUIRED: .*\. .*--all.*\n$/,
  },
  {
    what: 'a bound that cannot be read',
    call: () => `replay ${verb} digest --from soon`,
    code: 2,
    says: /^error: TOWLINE_REPLAY_INVALID: --from cannot be read.*soon.*\. \S.*\n$/,
  },
  {
    what: 'a range without a record',
    call: () => `replay ${verb} digest --from end`,
    code: 2,
    says: /^error: TOWLINE_REPLAY_INVALID: .*\. \S.*\n$/,
  },
]

export const replayStartCases: VerbCases = {
  verb: 'replay start',
  needs: ['broker', 'config'],
  works: [
    {
      what: 'a range',
      call: () => "replay digest --max 2 --yes --by ana --because 'prompt fixed'",
      table: new RegExp(`^${ID} {2}finished, 2 records sent in \\S+\n$`),
      says: new RegExp(`^${PLANNED}\nSee how the tasks end: towline replay report digest ${ID}\n$`),
    },
    {
      what: 'a dry run',
      call: () => 'replay digest --max 2 --rate 1 --dry-run',
      table: new RegExp(`^${PLANNED}, about 2s at 1/s\n$`),
      says: /^a dry run: nothing was changed; --yes instead of --dry-run does it\n$/,
    },
  ],
  fails: [
    ...selectionFails('start'),
    {
      what: 'no --yes',
      call: () => 'replay digest --max 2',
      code: 6,
      says: new RegExp(
        `^${PLANNED}\nerror: TOWLINE_CONFIRMATION_REQUIRED: nothing was changed\\. Add --yes to do it\n$`,
      ),
    },
  ],
}

export const replayPlanCases: VerbCases = {
  verb: 'replay plan',
  needs: ['broker', 'config'],
  works: [
    {
      what: 'a range',
      call: () => 'replay plan digest --max 2',
      table: new RegExp(`^${ID} {2}${PLANNED}\n$`),
      says: new RegExp(`^Start it: towline replay resume digest ${ID} --yes\n$`),
    },
  ],
  fails: selectionFails('plan'),
}

export const replayResumeCases: VerbCases = {
  verb: 'replay resume',
  needs: ['broker', 'config'],
  works: [
    {
      what: 'a stored plan',
      call: async (project) => `replay resume digest ${await project.plannedReplay()} --yes`,
      table: new RegExp(`^${ID} {2}finished, 2 records sent in \\S+\n$`),
      says: new RegExp(
        `^start replay of [\\d,]+ offsets? of \\S+ into \\S+, planned \\S+ ago\nSee how the tasks end: towline replay report digest ${ID}\n$`,
      ),
    },
  ],
  fails: [
    unknownAgent(`replay resume nosuch ${UNKNOWN_ID}`),
    unknownReplay(`replay resume digest ${UNKNOWN_ID}`),
    {
      what: 'a stored plan without --yes',
      call: async (project) => `replay resume digest ${await project.plannedReplay()}`,
      code: 6,
      says: /^start replay of .*\nerror: TOWLINE_CONFIRMATION_REQUIRED: nothing was changed\. Add --yes to do it\n$/,
    },
  ],
}

export const replayStatusCases: VerbCases = {
  verb: 'replay status',
  needs: ['broker', 'config'],
  works: [
    {
      what: 'one that is stored',
      call: async (project) => `replay status digest ${await project.plannedReplay()}`,
      table: new RegExp(
        `^REPLAY +STATE +RECORDS +DONE +SOURCE +TARGET +BY +PLANNED +LAST SEEN\n${ID} +planned +0 +0% +\\S+ +\\S+ +ana +${MOMENT} +${MOMENT}\n$`,
      ),
    },
    {
      what: 'all of them',
      call: async (project) => {
        await project.plannedReplay()
        return 'replay status digest'
      },
      table: new RegExp(`^REPLAY +STATE .*\n(${ID} +(planned|started|finished) .*\n)+$`),
    },
  ],
  fails: [unknownAgent('replay status nosuch'), unknownReplay(`replay status digest ${UNKNOWN_ID}`)],
}

export const replayReportCases: VerbCases = {
  verb: 'replay report',
  needs: ['broker', 'registry', 'config'],
  works: [
    {
      what: 'one that is stored',
      call: async (project) => `replay report digest ${await project.plannedReplay()}`,
      table: new RegExp(`^replay +${ID}\nstate +planned\nsent +0\nended +0\nopen +0\n`),
    },
  ],
  fails: [unknownAgent(`replay report nosuch ${UNKNOWN_ID}`), unknownReplay(`replay report digest ${UNKNOWN_ID}`)],
}

export const replayAbortCases: VerbCases = {
  verb: 'replay abort',
  needs: ['broker', 'config'],
  works: [
    {
      what: 'one that is stored',
      call: async (project) => `replay abort digest ${await project.plannedReplay()} --yes`,
      table: new RegExp(`^${ID} {2}aborted, 0 records sent, 0 of [\\d,]+ offsets? done\n$`),
      says: new RegExp(`^abort replay ${ID} of digest \\(planned\\): 0 records sent, .*\n$`),
    },
  ],
  fails: [
    unknownAgent(`replay abort nosuch ${UNKNOWN_ID} --yes`),
    unknownReplay(`replay abort digest ${UNKNOWN_ID} --yes`),
    {
      what: 'no --yes',
      call: async (project) => `replay abort digest ${await project.plannedReplay()}`,
      code: 6,
      says: /^abort replay .*\nerror: TOWLINE_CONFIRMATION_REQUIRED: nothing was changed\. Add --yes to do it\n$/,
    },
  ],
}
