import { setTimeout as sleep } from 'node:timers/promises'
import {
  type Agent,
  type AgentOptions,
  type AgentType,
  defineAgent,
  RateLimitedError,
  SnoozeError,
  type TaskContext,
  TerminalError,
} from '@towline/contracts'
import type { Journal } from './journal.ts'
import { type Deed, deedOf, type Work } from './work.ts'

/** How an agent of these suites is run; JSON, so that a runner process can be told. */
export type WorkAgentOptions = Omit<AgentOptions<Work, Work>, 'run'>

/** An agent that does what its tasks say and writes down every execution. */
export function workAgent(
  type: AgentType<Work, Work>,
  journal: Journal,
  options: WorkAgentOptions = {},
): Agent<Work, Work> {
  return defineAgent(type, { ...options, run: (work, context) => execute(work, context, journal) })
}

async function execute(work: Work, context: TaskContext, journal: Journal): Promise<Work> {
  const { taskId, life, attempt, key, mayHaveRun } = context
  const execution = { taskId, life, attempt, key, n: work.n }
  journal.write({ kind: 'started', ...execution, mayHaveRun })
  try {
    await perform(deedOf(work), context)
  } catch (error) {
    journal.write({ kind: 'threw', ...execution })
    throw error
  }
  journal.write({ kind: 'returned', ...execution })
  return { n: work.n * 2, note: '' }
}

async function perform(deed: Deed, { attempt, signal }: TaskContext): Promise<void> {
  const { workMs = 0, failAttempts = 0, terminal, snoozeUntilMs = 0, rateLimitedUntilMs = 0 } = deed
  if (workMs > 0) await sleep(workMs, undefined, deed.ignoresAbort === true ? {} : { signal })
  if (terminal !== undefined) throw new TerminalError(terminal)
  if (Date.now() < snoozeUntilMs) throw new SnoozeError(snoozeUntilMs)
  if (Date.now() < rateLimitedUntilMs) throw new RateLimitedError(500)
  if (attempt <= failAttempts) throw new Error(`attempt ${attempt} fails as it was told`)
}
