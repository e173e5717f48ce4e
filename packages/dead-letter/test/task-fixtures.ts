import { type Failure, newTaskId, type TaskEnvelope } from '@towline/contracts'

export const AT_MS = 1_700_000_000_000

export function failure(message = 'it broke', attempt = 1, atMs: number = AT_MS): Failure {
  return { code: 'Error', message, stack: `Error: ${message}\n    at handler (agent.ts:1:1)`, atMs, attempt }
}

export function envelope(fields: Partial<TaskEnvelope> = {}): TaskEnvelope {
  return {
    taskId: newTaskId(AT_MS),
    key: null,
    life: 1,
    attempt: 1,
    origin: { topic: 'digest.tasks', partition: 3, offset: 41 },
    queuedAtMs: AT_MS,
    ...fields,
  }
}
