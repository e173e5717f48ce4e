import type { LogWatcher, PartitionLog } from './partition-log.ts'

/**
 * Resolves once `bytes` more were appended to `logs` in all, one of them changed otherwise, `maxWaitMs` have passed, or `signal`
 * is aborted: whichever comes first. Appends of one turn of the event loop are gathered before it resolves.
 */
export function awaitAppends(
  logs: readonly PartitionLog[],
  bytes: number,
  maxWaitMs: number,
  signal: AbortSignal,
): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>()
  if (signal.aborted) return Promise.resolve()
  let missingBytes = bytes
  const finish = (): void => {
    clearTimeout(timer)
    signal.removeEventListener('abort', finish)
    for (const unwatch of unwatches) unwatch()
    setImmediate(resolve)
  }
  const watcher: LogWatcher = (event) => {
    if (event.kind === 'appended') missingBytes -= event.bytes
    if (event.kind === 'changed' || missingBytes <= 0) finish()
  }
  const timer = setTimeout(finish, maxWaitMs)
  signal.addEventListener('abort', finish, { once: true })
  const unwatches = logs.map((log) => log.watch(watcher))
  return promise
}
