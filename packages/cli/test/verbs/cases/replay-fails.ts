import { KAFKA_ERRORS } from '@towline/dev-broker'
import { vi } from 'vitest'
import { narrowTopic } from '../places.ts'
import type { Project } from '../project.ts'
import type { Call, FailingCase } from '../verb-case.ts'
import { badName, missingTopics, unknownAgent } from './agent-fails.ts'

export const ID = '[0-9a-f-]{36}'
const WAIT = { timeout: 20_000, interval: 50 }
export const UNKNOWN_ID = '019a7b2c-8d5e-7c31-9f0a-000000000000'
export const MOMENT = String.raw`\d{4}-\d\d-\d\d \d\d:\d\d:\d\d-0[45]:00`
export const PLANNED = `replay 2 records \\([\\d.]+ [KM]?i?B\\) of \\S+\\.digest\\.tasks into \\S+\\.digest\\.replay, written ${MOMENT} to ${MOMENT}`

/** `args` names the agent type `nosuch`, or the replay that is not there. */
export const unnamed = (verb: string, flags = ''): readonly FailingCase[] => [
  unknownAgent(`replay ${verb} nosuch ${UNKNOWN_ID}${flags}`),
  badName(`replay ${verb} nosuch ${UNKNOWN_ID}${flags}`),
  unknownReplay(`replay ${verb} digest ${UNKNOWN_ID}${flags}`),
]
const unknownReplay = (args: string): FailingCase => ({
  what: 'a replay that is not there',
  call: () => args,
  error: 'TOWLINE_REPLAY_NOT_FOUND',
  code: 4,
  says: /^error: TOWLINE_REPLAY_NOT_FOUND: digest has no replay "019a7b2c-.*"\. .*towline replay status digest\n$/,
})
const missingTarget = (args: string): FailingCase => ({
  ...missingTopics(args),
  says: /^error: TOWLINE_TOPIC_MISSING: the target \S+\.digest\.replay does not exist\. Create it with `towline topics apply`, .*\n$/,
})

export const SLOWLY = '--max 60 --rate 10'

/** Resumes the replay of `by` from elsewhere once it has begun. */
async function takeOver(project: Project, by: string): Promise<void> {
  const replays = await project.fleet.replays('digest')
  const replayId = await vi.waitFor(async () => {
    const begun = (await replays.list()).find(({ plan, state }) => plan.by === by && state === 'started')
    if (begun === undefined) throw new Error(`no replay of ${by} has begun`)
    return begun.plan.replayId
  }, WAIT)
  await replays.resume(replayId, { ratePerSecond: null })
}

export const takenOver = (by: string, call: FailingCase['call']): FailingCase => ({
  what: 'to go on when another run has taken it over',
  call,
  meanwhile: (_running, project) => takeOver(project, by),
  error: 'TOWLINE_REPLAY_TAKEN_OVER',
  code: 1,
  says: /\nerror: TOWLINE_REPLAY_TAKEN_OVER: another run has taken replay \S+ over\. .*`towline replay status digest \S+`\n$/,
})

/** What stops a replay that `call` begins, of two records; its stderr begins with `said`. */
export const runFails = (
  call: (project: Project, flags: string) => Promise<string>,
  said: string,
): readonly FailingCase[] => [
  {
    what: 'to go on when retention has removed what it reads',
    call: async (project) => await call(project, ''),
    fault: { api: 'Fetch', errorCode: KAFKA_ERRORS.OFFSET_OUT_OF_RANGE },
    error: 'TOWLINE_OFFSET_OUT_OF_RANGE',
    code: 1,
    says: /error: TOWLINE_OFFSET_OUT_OF_RANGE: \S+ holds offsets .*\. Read from .*\n$/,
  },
  {
    what: 'to go on when Kafka does not acknowledge',
    call: async (project): Promise<Call> => ({
      args: await call(project, ''),
      env: { TOWLINE_DELIVERY_TIMEOUT: '300ms' },
    }),
    fault: { api: 'Produce', errorCode: KAFKA_ERRORS.REQUEST_TIMED_OUT },
    error: 'TOWLINE_PUBLISH_FAILED',
    code: 1,
    says: new RegExp(`^${said}\nerror: TOWLINE_PUBLISH_FAILED: .* within 300 ms: .*\\. It may .*: publish again .*\n$`),
  },
  {
    what: 'a record that its target does not take',
    call: async (project) => await call(project, ` --to-topic ${await narrowTopic(project)}`),
    error: 'TOWLINE_PAYLOAD_TOO_LARGE',
    code: 2,
    says: /\nerror: TOWLINE_PAYLOAD_TOO_LARGE: the target refuses the record of \S+: .*\. Raise the target's .*\n$/,
  },
]

export const selectionFails = (verb: string): readonly FailingCase[] => [
  unknownAgent(`replay ${verb} nosuch --all`),
  badName(`replay ${verb} nosuch --all`),
  missingTarget(`replay ${verb} digest --all`),
  {
    what: 'no selection',
    call: () => `replay ${verb} digest`,
    error: 'TOWLINE_FILTER_REQUIRED',
    code: 6,
    says: /^error: TOWLINE_FILTER_REQUIRED: .*\. .*--all.*\n$/,
  },
  {
    what: 'a bound that cannot be read',
    call: () => `replay ${verb} digest --from soon`,
    error: 'TOWLINE_REPLAY_INVALID',
    code: 2,
    says: /^error: TOWLINE_REPLAY_INVALID: --from cannot be read.*soon.*\. \S.*\n$/,
  },
  {
    what: 'a range without a record',
    call: () => `replay ${verb} digest --from end`,
    error: 'TOWLINE_REPLAY_INVALID',
    code: 2,
    says: /^error: TOWLINE_REPLAY_INVALID: .*\. \S.*\n$/,
  },
]

/** The id of a plan that these flags made. */
export async function plannedBy(project: Project, flags: string): Promise<string> {
  const { stdout } = await project.call(`replay plan digest${flags} -o json`)
  return (JSON.parse(stdout) as { readonly replayId: string }).replayId
}
