import type { VerbCases } from '../verb-case.ts'
import { missingTopics } from './agent-fails.ts'
import {
  ID,
  MOMENT,
  PLANNED,
  plannedBy,
  runFails,
  SLOWLY,
  selectionFails,
  takenOver,
  UNKNOWN_ID,
  unnamed,
} from './replay-fails.ts'

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
    takenOver('ana-at-start', () => `replay digest ${SLOWLY} --yes --by ana-at-start`),
    ...runFails(async (_project, flags) => `replay digest --max 2 --yes${flags}`, PLANNED),
    {
      what: 'no --yes',
      call: () => 'replay digest --max 2',
      error: 'TOWLINE_CONFIRMATION_REQUIRED',
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
    ...unnamed('resume'),
    takenOver(
      'ana-at-resume',
      async (project) => `replay resume digest ${await plannedBy(project, ` ${SLOWLY} --by ana-at-resume`)} --yes`,
    ),
    ...runFails(
      async (project, flags) => `replay resume digest ${await plannedBy(project, ` --max 2${flags}`)} --yes`,
      'start replay of .*',
    ),
    {
      what: 'a stored plan without --yes',
      call: async (project) => `replay resume digest ${await project.plannedReplay()}`,
      error: 'TOWLINE_CONFIRMATION_REQUIRED',
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
  fails: unnamed('status'),
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
  fails: [...unnamed('report'), missingTopics(`replay report digest ${UNKNOWN_ID}`)],
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
    ...unnamed('abort', ' --yes'),
    {
      what: 'no --yes',
      call: async (project) => `replay abort digest ${await project.plannedReplay()}`,
      error: 'TOWLINE_CONFIRMATION_REQUIRED',
      code: 6,
      says: /^abort replay .*\nerror: TOWLINE_CONFIRMATION_REQUIRED: nothing was changed\. Add --yes to do it\n$/,
    },
  ],
}
