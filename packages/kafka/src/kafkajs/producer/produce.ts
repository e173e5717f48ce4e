import type { PartitionBatch } from '../../ports/producer-port.ts'
import { partitionId } from '../../ports/record.ts'
import type { Broker, KafkajsEncoder, KafkajsInternals } from '../kafkajs-internals.ts'
import { KAFKA_ERROR } from '../protocol/error-codes.ts'
import { encodeRecordBatch } from '../protocol/record-batch-encoder.ts'

/** What the leader answered for one batch. */
export interface ProducedBatch {
  /** Kafka's error code; 0 is none. */
  readonly errorCode: number
  readonly baseOffset: number
}

const ACKS_ALL = -1

interface ProduceAnswer {
  readonly topics: readonly {
    readonly topicName: string
    readonly partitions: readonly {
      readonly partition: number
      readonly errorCode: number
      readonly baseOffset: string
    }[]
  }[]
}

/**
 * Writes batches by one request to one broker, acks=all. One answer per batch, in order: kafkajs's own parser throws
 * the first error of the request and says nothing of the batches that were written.
 */
export async function produce(
  broker: Broker,
  batches: readonly PartitionBatch[],
  { timeoutMs, nowMs }: { readonly timeoutMs: number; readonly nowMs: number },
  kafkajs: KafkajsInternals,
): Promise<readonly ProducedBatch[]> {
  const wire = broker.lookupRequest(
    kafkajs.apiKeys.Produce,
    kafkajs.requests.Produce,
  )({ acks: ACKS_ALL, topicData: [] })
  const encode = (): Promise<KafkajsEncoder> => Promise.resolve(encodeRequest(batches, timeoutMs, nowMs, kafkajs))
  const answer = (await broker.connectionPool.send({
    ...wire,
    request: { ...wire.request, encode },
    response: { decode: wire.response.decode, parse: (decoded: ProduceAnswer) => Promise.resolve(decoded) },
  })) as ProduceAnswer
  const found = new Map<string, ProducedBatch>()
  for (const { topicName: topic, partitions } of answer.topics) {
    for (const { partition, errorCode, baseOffset } of partitions) {
      found.set(partitionId({ topic, partition }), { errorCode, baseOffset: Number(baseOffset) })
    }
  }
  return batches.map(
    (batch) => found.get(partitionId(batch)) ?? { errorCode: KAFKA_ERROR.UNKNOWN_SERVER_ERROR, baseOffset: -1 },
  )
}

/** Produce v3–v7: transactional_id · acks · timeout · [topic · [partition · record_set]] */
function encodeRequest(
  batches: readonly PartitionBatch[],
  timeoutMs: number,
  nowMs: number,
  { Encoder }: KafkajsInternals,
): KafkajsEncoder {
  const recordSets = batches.map((batch) => encodeRecordBatch(batch.records, nowMs))
  const size = recordSets.reduce((total, bytes) => total + bytes.length, 1024)
  const encoder = new Encoder(size).writeString(null).writeInt16(ACKS_ALL).writeInt32(timeoutMs)
  const byTopic = Map.groupBy(batches.entries(), ([, batch]) => batch.topic)
  encoder.writeInt32(byTopic.size)
  for (const [topic, entries] of byTopic) {
    encoder.writeString(topic).writeInt32(entries.length)
    for (const [index, { partition }] of entries) {
      const bytes = recordSets[index] ?? Buffer.alloc(0)
      encoder.writeInt32(partition).writeInt32(bytes.length).writeBuffer(bytes)
    }
  }
  return encoder
}
