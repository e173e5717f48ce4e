import { KAFKA_ERRORS } from '@towline/dev-broker'
import { afterItsLastLife } from '../places.ts'
import type { FailingCase, VerbCases } from '../verb-case.ts'
import { badName, missingTopics, unknownAgent } from './agent-fails.ts'

const COUNTS = /^[\d,]+ open, \d+ pending, \d+ void, \d+ resolved\n$/
const DRY_RUN = /^a dry run: nothing was changed; --yes instead of --dry-run does it\n$/
const MOMENT = String.raw`\d{4}-\d\d-\d\d \d\d:\d\d:\d\d-0[45]:00`

export const dlqListCases: VerbCases = {
  verb: 'dlq list',
  needs: ['broker', 'config'],
  works: [
    {
      what: 'the open ones',
      call: () => 'dlq list digest',
      table: new RegExp(
        `^TASK +LIFE +STATE +REASON +ATTEMPTS +DEAD SINCE +ERROR\n(\\S{36} +\\d +open +terminal +1 +${MOMENT} +TerminalError: connect ECONNREFUSED .*\n)+$`,
      ),
      says: COUNTS,
    },
    {
      what: 'kinds of error',
      call: () => 'dlq list digest --groups',
      table: new RegExp(
        `^OPEN +FINGERPRINT +CODE +ERROR +FIRST +LAST\n +\\d+ +[0-9a-f]{12} +TerminalError +connect ECONNREFUSED .* +${MOMENT} +${MOMENT}\n`,
      ),
      says: COUNTS,
    },
    {
      what: 'none',
      call: () => 'dlq list digest --tenant nobody',
      table: /^None open\.\n$/,
      says: /^0 open, 0 pending, 0 void, 0 resolved\n$/,
    },
  ],
  fails: [
    unknownAgent('dlq list nosuch'),
    badName('dlq list nosuch'),
    missingTopics('dlq list digest'),
    {
      what: 'a moment that cannot be read',
      call: () => 'dlq list digest --since yesterday',
      error: null,
      code: 2,
      says: /^error: option '--since <moment>' argument 'yesterday' is invalid\. It must be -2h, .*\n\(--help shows how it is used\)\n$/,
    },
  ],
}

export const dlqShowCases: VerbCases = {
  verb: 'dlq show',
  needs: ['broker', 'registry', 'config'],
  works: [
    {
      what: 'one',
      call: (project) => `dlq show digest ${project.victim()}`,
      table: new RegExp(
        `^task +\\S{36} \\(life 1\\)\nstate +open\nreason +terminal\nattempts +1\nqueued +${MOMENT}\ndead since +${MOMENT}\norigin +\\S+\n`,
      ),
    },
  ],
  fails: [
    unknownAgent('dlq show nosuch 019a'),
    badName('dlq show nosuch 019a'),
    missingTopics('dlq show digest 019a'),
    {
      what: 'an id that no dead letter has',
      call: () => 'dlq show digest 0000',
      error: 'TOWLINE_DEAD_LETTER_NOT_FOUND',
      code: 4,
      says: /^error: TOWLINE_DEAD_LETTER_NOT_FOUND: no dead letter 0000 is retained\. \S.*\n$/,
    },
    {
      what: 'the beginning of several ids',
      call: () => 'dlq show digest 01',
      error: 'TOWLINE_OPTION_INVALID',
      code: 2,
      says: /^error: TOWLINE_OPTION_INVALID: .*01.*\. \S.*\n$/,
    },
  ],
}

function resolving(
  verb: 'redrive' | 'purge',
  done: 'redriven' | 'purged',
  further: readonly FailingCase[] = [],
): VerbCases {
  const nothing = '01890000-0000-7000-8000-000000000001'
  return {
    verb: `dlq ${verb}`,
    needs: ['broker', 'config'],
    works: [
      {
        what: 'one dead letter',
        call: (project) => `dlq ${verb} digest ${project.victim()} --yes --by ana --because 'fixed in 1.4.2'`,
        table: new RegExp(`^1 dead letter ${done}\n$`),
        says: new RegExp(`^${verb} 1 dead letter of digest, written ${MOMENT}\n$`),
      },
      {
        what: 'a dry run',
        call: () => `dlq ${verb} digest --error ECONNREFUSED --dry-run --rate 10`,
        table: new RegExp(`^${verb} \\d+ dead letters of digest, written .*, about .* at 10/s\n$`),
        says: DRY_RUN,
      },
      {
        what: 'nothing that is open',
        call: () => `dlq ${verb} digest --tenant nobody --yes`,
        table: /^Nothing to do\n$/,
        says: new RegExp(`^No open dead letter of digest to ${verb}\n$`),
      },
      {
        what: 'an id that no dead letter has',
        call: () => `dlq ${verb} digest ${nothing} --yes`,
        code: 4,
        table: /^1 not found\n$/,
        says: new RegExp(`^No open dead letter of digest to ${verb}\n$`),
      },
      {
        what: 'one that is there and one that is not',
        call: (project) => `dlq ${verb} digest ${project.victim()} ${nothing} --yes`,
        code: 3,
        table: new RegExp(`^1 dead letter ${done}, 1 not found\n$`),
        says: new RegExp(`^${verb} 1 dead letter of digest, written .*\n$`),
      },
    ],
    fails: [
      unknownAgent(`dlq ${verb} nosuch --all --yes`),
      badName(`dlq ${verb} nosuch --all --yes`),
      missingTopics(`dlq ${verb} digest --all --yes`),
      {
        what: 'no selection',
        call: () => `dlq ${verb} digest --yes`,
        error: 'TOWLINE_FILTER_REQUIRED',
        code: 6,
        says: /^error: TOWLINE_FILTER_REQUIRED: .*\. .*--all.*\n$/,
      },
      {
        what: 'no --yes',
        call: () => `dlq ${verb} digest --all`,
        error: 'TOWLINE_CONFIRMATION_REQUIRED',
        code: 6,
        says: new RegExp(
          `^${verb} \\d+ dead letters of digest, written .*\nerror: TOWLINE_CONFIRMATION_REQUIRED: nothing was changed\\. Add --yes to do it\n$`,
        ),
      },
      {
        what: 'to count as done what Kafka did not acknowledge',
        call: (project) => ({
          args: `dlq ${verb} digest ${project.victim()} --yes`,
          env: { TOWLINE_DELIVERY_TIMEOUT: '300ms' },
        }),
        fault: { api: 'Produce', errorCode: KAFKA_ERRORS.REQUEST_TIMED_OUT },
        error: 'TOWLINE_PUBLISH_FAILED',
        code: 1,
        says: /^.*\n\S{36}\/1 failed: TOWLINE_PUBLISH_FAILED: .* did not acknowledge a record within 300 ms: .*\. It may have been written: publish again .*\n$/,
        prints: /^1 failed and still open\n$/,
      },
      {
        what: 'a name for who does it that is none',
        call: () => `dlq ${verb} digest --all --yes --by ''`,
        error: 'TOWLINE_OPTION_INVALID',
        code: 2,
        says: /^error: TOWLINE_OPTION_INVALID: by must be text of 1 to 256 bytes, got 0 bytes\. Shorten it, or .*\n$/,
      },
      ...further,
    ],
  }
}

export const dlqRedriveCases: VerbCases = resolving('redrive', 'redriven', [
  {
    what: 'a task in its third life',
    call: (project) => afterItsLastLife(project, (taskId) => `dlq redrive digest ${taskId}/3 --yes`),
    error: 'TOWLINE_REDRIVE_LIMIT',
    code: 6,
    says: /^No open dead letter of digest to redrive; 1 cannot be\n\S{36}\/3 refused: TOWLINE_REDRIVE_LIMIT: \S+ is in life 3 of 3: .*\. Purge it, or publish it .*\n$/,
    prints: /^1 refused\n$/,
  },
])
export const dlqPurgeCases: VerbCases = resolving('purge', 'purged')
