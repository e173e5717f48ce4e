import {
  type Agent,
  type AgentOptions,
  type AgentType,
  type Clock,
  defineAgent,
  RateLimitedError,
  SnoozeError,
  type TaskContext,
  TerminalError,
} from '@towline/contracts'
import type { Journal } from '../journal.ts'
import { type Deed, deedOf, type Work } from '../work.ts'

export type VirtualAgentOptions = Omit<AgentOptions<Work, Work>, 'run'> & {
  /** What the agent depends on: throws while that is out. */
  readonly dependency?: () => void
}

/** An agent that does what its tasks say, in the time of its process, and writes down every execution. */
export function virtualAgent(
  type: AgentType<Work, Work>,
  process: { readonly clock: Clock; readonly journal: Pick<Journal, 'write'> },
  { dependency = () => {}, ...options }: VirtualAgentOptions,
): Agent<Work, Work> {
  const { clock, journal } = process
  return defineAgent(type, {
    ...options,
    run: async (work, context) => {
      const { taskId, life, attempt, key, mayHaveRun } = context
      const execution = { taskId, life, attempt, key, n: work.n }
      journal.write({ kind: 'started', ...execution, mayHaveRun })
      try {
        await perform(deedOf(work), context, clock)
        dependency()
      } catch (error) {
        journal.write({ kind: 'threw', ...execution })
        throw error
      }
      journal.write({ kind: 'returned', ...execution })
      return { n: work.n * 2, note: '' }
    },
  })
}

async function perform(deed: Deed, { attempt, signal }: TaskContext, clock: Clock): Promise<void> {
  const { workMs = 0, failAttempts = 0, terminal, snoozeUntilMs = 0, rateLimitedUntilMs = 0 } = deed
  if (workMs > 0) await working(workMs, clock, deed.ignoresAbort === true ? undefined : signal)
  if (terminal !== undefined) throw new TerminalError(terminal)
  if (clock.nowMs() < snoozeUntilMs) throw new SnoozeError(snoozeUntilMs)
  if (clock.nowMs() < rateLimitedUntilMs) throw new RateLimitedError(500)
  if (attempt <= failAttempts) throw new Error(`attempt ${attempt} fails as it was told`)
}

function working(ms: number, clock: Clock, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    const stop = (): void => {
      cancel()
      reject(signal?.reason as Error)
    }
    const cancel = clock.after(ms, () => {
      signal?.removeEventListener('abort', stop)
      resolve()
    })
    signal?.addEventListener('abort', stop, { once: true })
  })
}
