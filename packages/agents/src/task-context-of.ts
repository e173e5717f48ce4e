import type { Tracer } from '@opentelemetry/api'
import type { AttemptRequest, TaskContext } from '@towline/contracts'
import { inChildSpan } from './child-span.ts'

/** What the handler of an attempt is given. Its functions need no `this`: `const { span, publish } = ctx` works. */
export function taskContextOf(attempt: AttemptRequest, tracer: Tracer): TaskContext {
  const { task } = attempt
  return {
    taskId: task.taskId,
    life: task.life,
    attempt: task.attempt,
    mayHaveRun: attempt.mayHaveRun,
    isReplay: task.replayId !== undefined,
    key: task.key === null ? null : task.key.toString('utf8'),
    tenant: task.tenant ?? null,
    deadlineAtMs: task.deadlineAtMs ?? null,
    signal: attempt.signal,
    log: attempt.log,
    span: (name, work) => inChildSpan(tracer, name, work),
    progress: (value) => attempt.reportProgress(value),
    publish: (agentType, input, options) => attempt.publishChild(agentType, input, options),
  }
}
