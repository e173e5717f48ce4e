import type { Clock } from '@towline/contracts'

/** Resolves with the work, or after `delayMs` without it. */
export function within(clock: Clock, delayMs: number, work: Promise<void>): Promise<void> {
  const { promise: over, resolve } = Promise.withResolvers<void>()
  const cancel = clock.after(delayMs, resolve)
  return Promise.race([work, over]).finally(cancel)
}
