import { setTimeout as sleep } from 'node:timers/promises'
import { isPassing } from '../kafka-error.ts'

export interface RetryBudget {
  /** How long failures may go on before the last of them is thrown. */
  readonly budgetMs: number
  readonly signal?: AbortSignal
  /** Called before each further attempt. */
  readonly beforeRetry?: (failure: unknown) => void
}

const FIRST_WAIT_MS = 50
const LONGEST_WAIT_MS = 1_000

/** Repeats a call while what it throws may pass: lost connections, elections, a coordinator that is loading. */
export async function retrying<T>(call: () => Promise<T>, { budgetMs, signal, beforeRetry }: RetryBudget): Promise<T> {
  const deadline = performance.now() + budgetMs
  for (let waitMs = FIRST_WAIT_MS; ; waitMs = Math.min(LONGEST_WAIT_MS, waitMs * 2)) {
    try {
      return await call()
    } catch (error) {
      if (!isPassing(error) || performance.now() + waitMs > deadline) throw error
      beforeRetry?.(error)
      await sleep(waitMs, undefined, signal === undefined ? {} : { signal })
    }
  }
}
