import type { KafkaRecord, TopicPartition } from '../../ports/record.ts'
import type { Broker, KafkajsInternals } from '../kafkajs-internals.ts'
import type { AbortedTransaction } from './aborted-transactions.ts'
import { KAFKA_ERROR } from './error-codes.ts'
import { decodeRecordSet } from './record-set.ts'
import { WireReader } from './wire-reader.ts'

// Fetch with an answer per partition: kafkajs's own parser throws away the whole response when one partition has an
// error, and builds a BigInt and two strings for every record.

export interface FetchRequest {
  /** Longest the broker may hold an empty answer. */
  readonly maxWaitMs: number
  /** Most bytes of the whole answer; one batch at least is sent, however large. */
  readonly maxBytes: number
  readonly partitions: readonly FetchFrom[]
}

export interface FetchFrom {
  readonly tp: TopicPartition
  readonly from: number
  readonly maxBytes: number
}

export interface FetchedPartition {
  readonly tp: TopicPartition
  readonly from: number
  /** Kafka's error code; 0 is none. */
  readonly errorCode: number
  readonly highWatermark: number
  readonly records: readonly KafkaRecord[]
  /** The offset to fetch next. */
  readonly next: number
}

const READ_COMMITTED = 1
const FIRST_WITH_LOG_START = 5
const FIRST_WITH_SESSION = 7
const FIRST_WITH_PREFERRED_REPLICA = 11

/** One fetch from one broker. Aborted transactions and control records are passed over. */
export async function fetchFrom(
  broker: Broker,
  request: FetchRequest,
  kafkajs: KafkajsInternals,
): Promise<readonly FetchedPartition[]> {
  const wire = broker.lookupRequest(
    kafkajs.apiKeys.Fetch,
    kafkajs.requests.Fetch,
  )({
    isolationLevel: READ_COMMITTED,
    maxWaitTime: request.maxWaitMs,
    minBytes: 1,
    maxBytes: request.maxBytes,
    topics: byTopic(request.partitions),
    rackId: '',
  })
  const decode = (payload: Buffer): Promise<RawFetch> =>
    Promise.resolve(readResponse(new WireReader(payload), wire.request.apiVersion))
  const response = await (broker.connectionPool.send({
    ...wire,
    response: { decode, parse: (decoded: RawFetch) => Promise.resolve(decoded) },
  }) as Promise<RawFetch>)
  // An error of the whole request comes without partitions; one that comes with them is said by each of them too.
  if (response.errorCode !== KAFKA_ERROR.NONE && response.partitions.length === 0)
    throw kafkajs.errorOfCode(response.errorCode)
  return await Promise.all(response.partitions.map((partition) => decodePartition(partition, request, kafkajs)))
}

interface RawPartition {
  readonly tp: TopicPartition
  readonly errorCode: number
  readonly highWatermark: number
  readonly aborted: readonly AbortedTransaction[]
  readonly recordSet: Buffer
}

interface RawFetch {
  /** kafkajs reads this name and holds back the next request for so long (KIP-219). */
  readonly clientSideThrottleTime: number
  readonly errorCode: number
  readonly partitions: readonly RawPartition[]
}

function byTopic(partitions: readonly FetchFrom[]): object[] {
  const topics = Map.groupBy(partitions, (each) => each.tp.topic)
  return [...topics].map(([topic, fetches]) => ({
    topic,
    partitions: fetches.map(({ tp, from, maxBytes }) => ({
      partition: tp.partition,
      fetchOffset: String(from),
      maxBytes,
    })),
  }))
}

function readResponse(reader: WireReader, version: number): RawFetch {
  const clientSideThrottleTime = reader.int32()
  const errorCode = version >= FIRST_WITH_SESSION ? reader.int16() : 0
  if (version >= FIRST_WITH_SESSION) reader.int32() // session id: sessions are not used
  const topics = reader.array(() => {
    const topic = reader.string() ?? ''
    return reader.array(() => readPartition(reader, topic, version))
  })
  return { clientSideThrottleTime, errorCode, partitions: topics.flat() }
}

function readPartition(reader: WireReader, topic: string, version: number): RawPartition {
  const tp = { topic, partition: reader.int32() }
  const errorCode = reader.int16()
  const highWatermark = reader.offset()
  reader.offset() // last stable offset
  if (version >= FIRST_WITH_LOG_START) reader.offset()
  const aborted = reader.array(() => ({ producerId: reader.int64(), firstOffset: reader.offset() }))
  if (version >= FIRST_WITH_PREFERRED_REPLICA) reader.int32()
  return { tp, errorCode, highWatermark, aborted, recordSet: reader.bytes() }
}

async function decodePartition(
  { tp, errorCode, highWatermark, aborted, recordSet }: RawPartition,
  request: FetchRequest,
  kafkajs: KafkajsInternals,
): Promise<FetchedPartition> {
  const asked = request.partitions.find((each) => each.tp.partition === tp.partition && each.tp.topic === tp.topic)
  const from = asked?.from ?? 0
  if (errorCode !== KAFKA_ERROR.NONE) return { tp, from, errorCode, highWatermark, records: [], next: from }
  return { tp, from, errorCode, highWatermark, ...(await decodeRecordSet(recordSet, from, aborted, kafkajs)) }
}
