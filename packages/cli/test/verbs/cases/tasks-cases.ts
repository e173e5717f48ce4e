import { EXAMPLE_ID } from '../project.ts'
import type { VerbCases } from '../verb-case.ts'
import { missingTopics, unknownAgent } from './agent-fails.ts'

/** In New York, at one of its two offsets. */
const MOMENT = String.raw`\d{4}-\d\d-\d\d \d\d:\d\d:\d\d-0[45]:00`

export const tasksGetCases: VerbCases = {
  verb: 'tasks get',
  needs: ['broker', 'registry', 'config'],
  refusedAt: 'ListOffsets',
  works: [
    {
      what: 'a dead letter',
      call: (project) => `tasks get digest ${project.victim()}`,
      table: new RegExp(
        `^task +\\S+ of digest\nstate +dead-lettered \\(terminal\\)\nlife +1\nattempts +1\nqueued +${MOMENT}\nstarted +${MOMENT}\nfinished +${MOMENT}\nrunner +\\S+\norigin +\\S+\\.digest\\.tasks/\\d/\\d+\nfailure +attempt 1 at ${MOMENT}: TerminalError: connect ECONNREFUSED while reading gone/\\d+\\.md\n`,
      ),
    },
  ],
  fails: [
    {
      what: 'a task nobody published',
      call: () => 'tasks get digest 019a7b2c-8d5e-7c31-9f0a-000000000000',
      error: 'TOWLINE_TASK_NOT_FOUND',
      code: 4,
      says: /^error: TOWLINE_TASK_NOT_FOUND: .*019a7b2c-8d5e-7c31-9f0a-000000000000.*\. \S.*\n$/,
    },
    {
      what: 'what is no id',
      call: () => 'tasks get digest apple',
      error: 'TOWLINE_OPTION_INVALID',
      code: 2,
      says: /^error: TOWLINE_OPTION_INVALID: a task id must be a lower-case UUID, got "apple"\. \S.*\n$/,
    },
    unknownAgent(`tasks get nosuch ${EXAMPLE_ID}`),
    missingTopics(`tasks get digest ${EXAMPLE_ID}`),
  ],
}
