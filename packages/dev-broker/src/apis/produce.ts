// Produce, versions 3 to 7. Advertised from 0: librdkafka infers from that minimum whether it may compress (KAFKA-18659).
//
// Appends at once, so that timeoutMs and the difference between acks 1 and −1 have no meaning. acks 0 is never answered;
// an error then closes the connection, as in Kafka. A batch is kept as it came; what is checked is in log/admit-batch.ts.

import type { BrokerState } from '../broker-state.ts'
import { unlessStorageFails } from '../disk/storage-error.ts'
import { admitBatch } from '../log/admit-batch.ts'
import type { Appended } from '../log/partition-log.ts'
import { KAFKA_ERRORS } from '../protocol/error-codes.ts'
import { type ApiCall, type ApiDefinition, defineApi } from './api.ts'
import { answerPartitions, ledPartition, topicPartitions } from './topic-partitions.ts'

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

  handle({ acks, topics: asked }, call) {
    const errorCode = requestFault(acks, call.broker)
    const topics = answerPartitions(asked, (name, { index, records }) =>
      errorCode === KAFKA_ERRORS.NONE ? append(name, index, records, call) : { errorCode },
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

function append(name: string, index: number, records: Buffer | null, call: ApiCall): PartitionAnswer {
  const led = ledPartition(call, name, index)
  if (typeof led === 'number') return { errorCode: led }
  const { log } = led
  const { settings } = led.topic
  const nowMs = call.broker.now()
  const admission = admitBatch(records, settings, nowMs)
  switch (admission.kind) {
    case 'refused':
      return { errorCode: admission.errorCode }
    case 'admitted': {
      const { batch, header } = admission
      const appended = unlessStorageFails(() => log.append(batch, header, settings.usesLogAppendTime, nowMs))
      if (appended === null) return { errorCode: KAFKA_ERRORS.KAFKA_STORAGE_ERROR }
      return { errorCode: KAFKA_ERRORS.NONE, ...appended, logStartOffset: log.startOffset }
    }
  }
}
