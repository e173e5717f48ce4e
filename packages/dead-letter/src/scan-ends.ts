import { isEnd, partitionFor } from '@towline/contracts'
import type { KafkaRecord, PartitionOffsets } from '@towline/kafka'
import type { DeadLetterLedger, UnresolvedLetter } from './dead-letter-ledger.ts'
import { earliestOriginMs } from './earliest-origin.ts'
import type { LedgerPorts } from './ledger-ports.ts'
import { batchesOf, firstRecordOf } from './read-range.ts'

/** How far clocks of publishers, runners and brokers may be apart before an end is looked for too late in the log. */
const CLOCK_SLACK_MS = 3_600_000

export interface EndScan {
  /**
   * `first`: stop once every letter has its first end. `all`: read on, so that ends of later lives are seen too, also of
   * letters whose own end is no longer retained.
   */
  readonly ends: 'first' | 'all'
  readonly signal?: AbortSignal
}

/** A results partition and the letters whose end it holds, if anybody does. */
interface ResultsPartition extends PartitionOffsets {
  readonly letters: UnresolvedLetter[]
}

/** A results partition that is read: for the first ends of some letters, and of others for the ends of later lives. */
interface Search extends PartitionOffsets {
  readonly letters: readonly UnresolvedLetter[]
  readonly outlived: readonly UnresolvedLetter[]
}

/**
 * Tells the ledger the ends of its unresolved letters. Reads only the results partitions of their ids, from the earliest
 * moment one of their tasks existed; of other tasks' results it looks at the key alone. A letter older than all that its
 * partition still holds has the end `not-retained`.
 *
 * @returns how many results of these tasks could not be decoded; they count as none.
 * @throws TowlineError TOWLINE_REGISTRY_UNAVAILABLE, TOWLINE_TOPIC_MISSING, TOWLINE_BROKER_UNAVAILABLE
 */
export async function scanEnds(ports: LedgerPorts, ledger: DeadLetterLedger, scan: EndScan): Promise<number> {
  const partitions = await resultsPartitionsOf(ports, ledger)
  const searches: Search[] = []
  for (const partition of partitions) {
    const { letters, outlived } = await byRetention(ports, partition, scan.signal)
    for (const { taskId, life } of outlived) ledger.endNotRetained(taskId, life)
    const search = { ...partition, letters, outlived: scan.ends === 'all' ? outlived : [] }
    if (search.letters.length + search.outlived.length > 0) searches.push(search)
  }
  const starts = await startsOf(ports, searches, scan.signal)
  let unreadable = 0
  for (const search of searches) {
    // A later life of an outlived letter may have ended at any time since.
    const from = search.outlived.length > 0 ? search.low : (starts.get(search.partition) ?? search.low)
    unreadable += await scanPartition(ports, ledger, search, Math.max(search.low, from), scan)
  }
  return unreadable
}

async function resultsPartitionsOf(ports: LedgerPorts, ledger: DeadLetterLedger): Promise<ResultsPartition[]> {
  const letters = [...ledger.unresolved()]
  if (letters.length === 0) return []
  const offsets = await ports.admin.offsets(ports.names.results)
  const partitions = new Map(offsets.map((range) => [range.partition, { ...range, letters: [] as UnresolvedLetter[] }]))
  for (const letter of letters) {
    partitions.get(partitionFor(Buffer.from(letter.taskId), offsets.length))?.letters.push(letter)
  }
  return [...partitions.values()].filter((partition) => partition.letters.length > 0)
}

/** Letters written before anything this partition still holds have outlived their end. */
async function byRetention(
  ports: LedgerPorts,
  partition: ResultsPartition,
  signal: AbortSignal | undefined,
): Promise<Pick<Search, 'letters' | 'outlived'>> {
  const retainedFromMs = await retainedFrom(ports, partition, signal)
  const isRetained = ({ deadAtMs }: UnresolvedLetter): boolean => deadAtMs >= retainedFromMs
  return {
    letters: partition.letters.filter(isRetained),
    outlived: partition.letters.filter((letter) => !isRetained(letter)),
  }
}

/** Ends written before this moment may have been deleted by retention. */
async function retainedFrom(
  { reader, admin, names, clock }: LedgerPorts,
  { partition, low, high }: PartitionOffsets,
  signal: AbortSignal | undefined,
): Promise<number> {
  if (low === 0) return Number.NEGATIVE_INFINITY
  const tp = { topic: names.results, partition }
  const first = await firstRecordOf(reader, { tp, from: low, to: high }, signal)
  if (first !== null) return first.timestampMs
  const [description] = await admin.describeTopics([names.results])
  const retentionMs = Number(description?.configs['retention.ms'] ?? -1)
  return retentionMs > 0 ? clock.nowMs() - retentionMs : Number.NEGATIVE_INFINITY
}

async function startsOf(
  ports: LedgerPorts,
  searches: readonly Search[],
  signal: AbortSignal | undefined,
): Promise<ReadonlyMap<number, number>> {
  const letters = searches.flatMap((search) => search.letters)
  if (letters.length === 0) return new Map()
  const earliestMs = await earliestOriginMs(ports, letters, signal)
  if (earliestMs === 'unknown') return new Map()
  const starts = await ports.admin.offsetsAt(ports.names.results, Math.max(earliestMs - CLOCK_SLACK_MS, 0))
  return new Map(starts.map(({ partition, offset }) => [partition, offset]))
}

async function scanPartition(
  ports: LedgerPorts,
  ledger: DeadLetterLedger,
  search: Search,
  from: number,
  scan: EndScan,
): Promise<number> {
  const wanted = new Set([...search.letters, ...search.outlived].map(({ taskId }) => taskId))
  const range = { tp: { topic: ports.names.results, partition: search.partition }, from, to: search.high }
  let missing = search.letters.length
  let unreadable = 0
  for await (const records of batchesOf(ports.reader, range, scan.signal)) {
    for (const record of records) {
      const taskId = record.key?.toString('latin1') ?? ''
      if (!wanted.has(taskId)) continue
      const found = await takeEnd(ports, ledger, taskId, record)
      if (found === 'unreadable') unreadable += 1
      if (found === 'first') missing -= 1
      if (missing === 0 && scan.ends === 'first') return unreadable
    }
  }
  return unreadable
}

async function takeEnd(
  ports: LedgerPorts,
  ledger: DeadLetterLedger,
  taskId: string,
  record: KafkaRecord,
): Promise<'first' | 'later' | 'unreadable'> {
  const decoded = ports.ends.decodeCached(record.value) ?? (await ports.ends.decode(record.value))
  if (decoded.kind !== 'decoded' || decoded.value.taskId !== taskId) return 'unreadable'
  const { life, end } = decoded.value
  return ledger.addEnd(taskId, life, isEnd(end) ? end : 'unknown') ? 'first' : 'later'
}
