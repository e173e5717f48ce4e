import type { RecordSender } from '@towline/kafka'

/** Most tasks on their way at once: two full requests. More of them cost more to collect than the wait they save. */
const WINDOW_TASKS = 1_000
/** Most bytes on their way at once, for tasks that are large. */
const WINDOW_BYTES = 4 * 1024 * 1024
/** Part of the bound on buffered bytes that may be taken, so that many items never fill it. */
const FILL = 0.5

/**
 * Starts one publish per item in order and gives what became of each, in order. Never rejects for all.
 *
 * @param publish Never rejects; reaches the sender, or waits for the same preparation as the items before it.
 */
export async function publishEach<T, R>(
  items: Iterable<T>,
  publish: (item: T) => Promise<R>,
  room: { readonly sender: RecordSender; readonly maxBufferedBytes: number },
): Promise<R[]> {
  const windowBytes = Math.min(WINDOW_BYTES, room.maxBufferedBytes * FILL)
  const outcomes: R[] = []
  /** In the order they began, which is about the order they end in; of those before `oldest` none runs. */
  let begun: Promise<void>[] = []
  let oldest = 0
  let count = 0
  let running = 0
  for (const item of items) {
    const index = count
    count += 1
    running += 1
    const one = publish(item).then((outcome) => {
      outcomes[index] = outcome
      running -= 1
    })
    begun.push(one)
    while (running >= WINDOW_TASKS || (room.sender.bufferedBytes > windowBytes && running > 0)) {
      await begun[oldest]
      oldest += 1
    }
    if (oldest >= WINDOW_TASKS) {
      begun = begun.slice(oldest)
      oldest = 0
    }
  }
  await Promise.all(begun)
  return outcomes
}
