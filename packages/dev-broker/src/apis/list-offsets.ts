// ListOffsets, versions 1 to 3. Timestamp −1: the end of the log, −2: its start, else the first record at or after that time.
// Of a batch compressed with snappy or lz4 the first offset stands for all its records: never too late.

import type { PartitionLog } from '../log/partition-log.ts'
import { KAFKA_ERRORS } from '../protocol/error-codes.ts'
import { type ApiDefinition, defineApi } from './api.ts'
import { answerPartitions, ledPartition, topicPartitions } from './topic-partitions.ts'

const LATEST = -1
const EARLIEST = -2

export const listOffsets: ApiDefinition = defineApi({
  name: 'ListOffsets',
  versions: [1, 3],
  request: {
    replicaId: 'int32',
    isolationLevel: 'int8 @2+',
    topics: topicPartitions({ index: 'int32', timestampSought: 'int64' }),
  },
  response: {
    throttleTimeMs: 'int32 @2+ =0',
    topics: topicPartitions({
      index: 'int32',
      errorCode: 'int16',
      timestampMs: 'int64 =-1',
      offset: 'int64 =-1',
    }),
  },

  handle: ({ topics }, call) => ({
    topics: answerPartitions(topics, (name, { index, timestampSought }) => {
      const led = ledPartition(call, name, index)
      if (typeof led === 'number') return { errorCode: led }
      return { errorCode: KAFKA_ERRORS.NONE, ...offsetAt(led.log, timestampSought) }
    }),
  }),
})

function offsetAt(log: PartitionLog, timestamp: number): { readonly offset?: number; readonly timestampMs?: number } {
  if (timestamp === LATEST) return { offset: log.endOffset }
  if (timestamp === EARLIEST) return { offset: log.startOffset }
  return log.offsetForTimestamp(timestamp) ?? {}
}
