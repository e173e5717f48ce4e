import process from 'node:process'

const SIGNALS = { SIGHUP: 1, SIGINT: 2, SIGTERM: 15 } as const

/** A signal ended the command. */
export class Interrupted extends Error {
  override readonly name = 'Interrupted'
  /** As shells have it: 128 and the number of the signal. */
  readonly exitCode: number

  constructor(signal: keyof typeof SIGNALS) {
    super(`interrupted by ${signal}`)
    this.exitCode = 128 + SIGNALS[signal]
  }
}

/** Aborted with {@link Interrupted} by the first SIGINT, SIGTERM or SIGHUP; the second ends the process at once. */
export function untilInterrupted(): AbortSignal {
  const controller = new AbortController()
  for (const name of Object.keys(SIGNALS) as (keyof typeof SIGNALS)[]) {
    process.on(name, () => {
      const interrupted = new Interrupted(name)
      if (controller.signal.aborted) process.exit(interrupted.exitCode)
      controller.abort(interrupted)
    })
  }
  return controller.signal
}

/** What `work` gives, or the signal's reason where it comes first: work that has begun goes on. */
export async function unlessAborted<T>(work: () => Promise<T>, signal: AbortSignal): Promise<T> {
  signal.throwIfAborted()
  const { promise, reject } = Promise.withResolvers<never>()
  const abort = (): void => reject(signal.reason)
  signal.addEventListener('abort', abort, { once: true })
  try {
    return await Promise.race([work(), promise])
  } finally {
    signal.removeEventListener('abort', abort)
  }
}
