import { type Tracer, trace } from '@opentelemetry/api'
import type { Agent, AgentHost, AttemptRequest, HostResult } from '@towline/contracts'
import { taskContextOf } from './task-context-of.ts'

/**
 * Runs the handler of an agent on the event loop of this process: for agents that wait for others most of the time.
 * A handler that computes for seconds holds up every attempt of the runner, and its heartbeats.
 *
 * `ctx.span` makes children of the span that is active where `run` is called: the runner's, of the attempt. Nothing is
 * validated: the runner has decoded the input and checks the output. Closing holds no resource and ends no attempt.
 */
export function createInProcessHost<I, O>(agent: Agent<I, O>): AgentHost {
  const tracer = trace.getTracer('@towline/agents')
  return {
    run: (attempt) => runAttempt(agent, tracer, attempt),
    close: async () => {},
  }
}

/** Async, so that a handler that throws before its first await is a result like any other. */
async function runAttempt<I, O>(agent: Agent<I, O>, tracer: Tracer, attempt: AttemptRequest): Promise<HostResult> {
  try {
    return { kind: 'returned', output: await agent.run(attempt.input as I, taskContextOf(attempt, tracer)) }
  } catch (thrown) {
    return { kind: 'threw', thrown }
  }
}
