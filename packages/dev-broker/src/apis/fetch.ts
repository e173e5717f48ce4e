// Fetch, versions 4 to 11, with long poll.
//
// Answers when minBytes are there, when maxWaitMs have passed, or at once when a partition has an error to tell. The first
// partition that has something gives at least one whole batch, whatever the limits, so that no reader gets stuck (KIP-74).
// Fetch sessions (7+) are not kept: session id 0 is answered, which clients take as "send the full list each time".
// There are no transactions: the last stable offset is the high watermark and no transaction is ever aborted.

import { awaitAppends } from '../log/long-poll.ts'
import { KAFKA_ERRORS } from '../protocol/error-codes.ts'
import type { Decoded } from '../protocol/schema.ts'
import { type ApiCall, type ApiDefinition, defineApi } from './api.ts'
import { answerPartitions, ledPartition, topicPartitions } from './topic-partitions.ts'

const request = {
  replicaId: 'int32',
  maxWaitMs: 'int32',
  minBytes: 'int32',
  maxBytes: 'int32',
  isolationLevel: 'int8',
  sessionId: 'int32 @7+',
  sessionEpoch: 'int32 @7+',
  topics: topicPartitions({
    index: 'int32',
    currentLeaderEpoch: 'int32 @9+',
    fetchOffset: 'int64',
    logStartOffset: 'int64 @5+',
    maxBytes: 'int32',
  }),
  forgottenTopics: ['@7+', { name: 'string', partitions: ['int32'] }],
  rackId: 'string @11+',
} as const

export const fetchApi: ApiDefinition = defineApi({
  name: 'Fetch',
  versions: [4, 11],
  request,
  response: {
    throttleTimeMs: 'int32 =0',
    errorCode: 'int16 @7+ =0',
    noSessionId: 'int32 @7+ =0',
    topics: topicPartitions({
      index: 'int32',
      errorCode: 'int16',
      highWatermark: 'int64 =-1',
      lastStableOffset: 'int64 =-1',
      logStartOffset: 'int64 @5+ =-1',
      abortedTransactions: ['? =null', { producerId: 'int64', firstOffset: 'int64' }],
      preferredReadReplica: 'int32 @11+ =-1',
      records: 'records =',
    }),
  },

  async handle(asked, call) {
    if (asked.sessionId !== 0) return { errorCode: KAFKA_ERRORS.FETCH_SESSION_ID_NOT_FOUND, topics: [] }
    const first = readPartitions(asked, call)
    const missingBytes = asked.minBytes - first.bytes
    if (first.hasError || missingBytes <= 0 || asked.maxWaitMs <= 0) return first.response
    const logs = asked.topics.flatMap(({ name, partitions }) =>
      partitions.flatMap(({ index }) => call.broker.topics.partition(name, index) ?? []),
    )
    await awaitAppends(logs, missingBytes, asked.maxWaitMs, call.connectionClosed)
    return readPartitions(asked, call).response
  },
})

function readPartitions(asked: Decoded<typeof request>, call: ApiCall) {
  let bytes = 0
  let hasError = false
  const topics = answerPartitions(asked.topics, (name, { index, fetchOffset, maxBytes }) => {
    const led = ledPartition(call, name, index)
    const isInRange = typeof led === 'object' && led.log.holds(fetchOffset)
    if (!isInRange) hasError = true
    if (typeof led === 'number') return { errorCode: led }
    const { log } = led
    const { startOffset: logStartOffset, endOffset } = log
    const offsets = { highWatermark: endOffset, lastStableOffset: endOffset, logStartOffset }
    if (!isInRange) return { errorCode: KAFKA_ERRORS.OFFSET_OUT_OF_RANGE, ...offsets }
    const records = log.read(fetchOffset, Math.min(maxBytes, asked.maxBytes - bytes), bytes === 0)
    for (const batch of records) bytes += batch.length
    return { errorCode: KAFKA_ERRORS.NONE, ...offsets, records }
  })
  return { response: { topics }, bytes, hasError }
}
