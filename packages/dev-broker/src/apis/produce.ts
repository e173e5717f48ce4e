// Produce, versions 3 to 7. Advertised from 0: librdkafka infers from that minimum whether it may compress (KAFKA-18659).
//
// Appends at once, so that timeoutMs and the difference between acks 1 and −1 have no meaning. acks 0 is never answered;
// an error then closes the connection, as in Kafka. A batch is kept as it came; what is checked is in log/admit-batch.ts.

import type { BrokerState } from '../broker-state.ts'
import { admitBatch } from '../log/admit-batch.ts'
import type { Appended } from '../log/partition-log.ts'
import { KAFKA_ERRORS } from '../protocol/error-codes.ts'
import { type ApiDefinition, defineApi } from './api.ts'
import { answerPartitions, topicPartitions } from './topic-partitions.ts'

type PartitionAnswer = { readonly errorCode: number; readonly logStartOffset?: number } & Partial<Appended>

export const produce: ApiDefinition = defineApi({
  name: 'Produce',
  versions: [3, 7],
  advertisedFirst: 0,
  request: {
    transactionalId: 'string?',
    acks: 'int16',
    timeoutMs: 'int32',
    topics: topicPartitions({ index: 'int32', records: 'bytes?' }),
  },
  response: {
    topics: topicPartitions({
      index: 'int32',
      errorCode: 'int16',
      baseOffset: 'int64 =-1',
      logAppendTimeMs: 'int64 =-1',
      logStartOffset: 'int64 @5+ =-1',
    }),
    throttleTimeMs: 'int32 =0',
  },

  wantsAnswer: ({ acks }) => acks !== 0,

  handle({ acks, topics: asked }, { broker }) {
    const errorCode = requestFault(acks, broker)
    const topics = answerPartitions(asked, (name, { index, records }) =>
      errorCode === KAFKA_ERRORS.NONE ? append(name, index, records, broker) : { errorCode },
    )
    if (acks !== 0) return { topics }
    const partitions = topics.flatMap((topic) => topic.partitions)
    return partitions.every((each) => each.errorCode === KAFKA_ERRORS.NONE) ? 'no-answer' : 'close-connection'
  },
})

function requestFault(acks: number, { topics, maxLogBytes }: BrokerState): number {
  if (acks < -1 || acks > 1) return KAFKA_ERRORS.INVALID_REQUIRED_ACKS
  return topics.sizeBytes >= maxLogBytes ? KAFKA_ERRORS.KAFKA_STORAGE_ERROR : KAFKA_ERRORS.NONE
}

function append(name: string, index: number, records: Buffer | null, { topics, now }: BrokerState): PartitionAnswer {
  const topic = topics.find(name)
  const log = topic?.partitions[index]
  if (topic === undefined || log === undefined) return { errorCode: KAFKA_ERRORS.UNKNOWN_TOPIC_OR_PARTITION }
  const { settings } = topic
  const nowMs = now()
  const admission = admitBatch(records, settings, nowMs)
  switch (admission.kind) {
    case 'refused':
      return { errorCode: admission.errorCode }
    case 'admitted': {
      const appended = log.append(ownBytes(admission.batch), admission.header, settings.usesLogAppendTime, nowMs)
      return { errorCode: KAFKA_ERRORS.NONE, ...appended, logStartOffset: log.startOffset }
    }
  }
}

/** The batch without the rest of the socket's buffer, which a view would keep alive as long as the log. */
function ownBytes(batch: Buffer): Buffer {
  const isMostOfItsBuffer = batch.length * 2 > batch.buffer.byteLength
  return isMostOfItsBuffer ? batch : Buffer.from(batch)
}
