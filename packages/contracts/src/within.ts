import type { Clock } from './clock.ts'

/** Waits for `work`, at most `ms`. Resolves whether it was done; leaves no timer behind. `work` itself goes on. */
export async function within(clock: Clock, ms: number, work: Promise<unknown>): Promise<boolean> {
  const { promise: late, resolve } = Promise.withResolvers<false>()
  const cancel = clock.after(ms, () => resolve(false))
  try {
    return await Promise.race([work.then(() => true), late])
  } finally {
    cancel()
  }
}
