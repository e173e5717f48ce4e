/** The items of a source until it ends or `signal` is aborted; a source that is idle then does not hold anything up. */
export async function* untilAborted<T>(source: AsyncIterable<T>, signal: AbortSignal): AsyncGenerator<T> {
  const iterator = source[Symbol.asyncIterator]()
  const { promise: aborted, resolve } = Promise.withResolvers<'aborted'>()
  const stop = (): void => resolve('aborted')
  signal.addEventListener('abort', stop, { once: true })
  if (signal.aborted) stop()
  try {
    for (;;) {
      const next = await Promise.race([iterator.next(), aborted])
      if (next === 'aborted' || next.done === true) return
      yield next.value
    }
  } finally {
    signal.removeEventListener('abort', stop)
    // Not awaited: an idle source may never answer.
    iterator.return?.()?.catch(() => undefined)
  }
}
