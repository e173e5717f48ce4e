import { setTimeout as sleep } from 'node:timers/promises'
import type { Clock } from '@towline/contracts'
import { demoFailed } from './demo-failed.ts'

const POLL_MS = 100

export interface WaitOptions {
  readonly clock: Clock
  readonly timeoutMs: number
  readonly signal: AbortSignal
  /** Between an answer and the next question. Default 100. */
  readonly pollMs?: number
}

/**
 * Asks until the answer is not undefined, and returns it.
 *
 * @throws TowlineError TOWLINE_DEMO_FAILED at the timeout; the reason of `signal` when it is aborted
 */
export async function waitUntil<T>(
  what: string,
  ask: () => T | undefined | Promise<T | undefined>,
  { clock, timeoutMs, signal, pollMs = POLL_MS }: WaitOptions,
): Promise<T> {
  const deadlineMs = clock.monotonicMs() + timeoutMs
  for (;;) {
    signal.throwIfAborted()
    const answer = await ask()
    if (answer !== undefined) return answer
    if (clock.monotonicMs() >= deadlineMs) {
      throw demoFailed(`waited ${timeoutMs} ms for ${what}, in vain`, { bound: timeoutMs })
    }
    await sleep(pollMs, undefined, { signal }).catch(() => signal.throwIfAborted())
  }
}

/** Never resolves; rejects with the reason of `signal` when it is aborted. */
export function rejectWhenAborted(signal: AbortSignal): Promise<never> {
  return new Promise((_resolve, reject) => {
    const stop = (): void => reject(signal.reason as Error)
    if (signal.aborted) stop()
    else signal.addEventListener('abort', stop, { once: true })
  })
}

/** What `work` resolves to, or undefined when it takes longer than `timeoutMs`; it then goes on unheard. */
export async function atMost<T>(timeoutMs: number, work: Promise<T>): Promise<T | undefined> {
  const over = new AbortController()
  try {
    return await Promise.race([work, sleep(timeoutMs, undefined, { signal: over.signal })])
  } finally {
    over.abort()
  }
}
