import type { AttemptRequest, Logger, TaskEnvelope } from '@towline/contracts'

const silent: Logger = { debug() {}, info() {}, warn() {}, error() {}, child: () => silent }

/** An attempt of an unkeyed task, changed by what a test cares about. */
export function attemptRequest(
  task: Partial<TaskEnvelope> = {},
  request: Partial<AttemptRequest> = {},
): AttemptRequest {
  return {
    task: {
      taskId: '018f3c5e-6d2a-7c1b-9f00-0123456789ab',
      key: null,
      life: 1,
      attempt: 1,
      origin: { topic: 'digest.tasks', partition: 3, offset: 42 },
      queuedAtMs: 1_700_000_000_000,
      ...task,
    },
    input: { text: 'hello' },
    mayHaveRun: false,
    signal: new AbortController().signal,
    log: silent,
    publishChild: async () => ({ taskId: 'none' }),
    reportProgress: () => {},
    ...request,
  }
}
