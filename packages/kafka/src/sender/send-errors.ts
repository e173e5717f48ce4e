import { isTowlineError, TowlineError } from '@towline/contracts'
import type { TopicPartition } from '../ports/record.ts'

/** A record was not sent because its guard said `drop`: whoever wrote it no longer has the right to. */
export class SendDropped extends Error {
  override readonly name = 'SendDropped'
  constructor(tp: TopicPartition) {
    super(`a record for ${tp.topic}/${tp.partition} was dropped by its guard before it was sent`)
  }
}

export function producerFull(bytes: number, boundBytes: number): TowlineError {
  return new TowlineError('TOWLINE_PRODUCER_FULL', `${bytes} bytes wait to be sent, the bound is ${boundBytes}`, {
    value: bytes,
    bound: boundBytes,
    retriable: true,
    wayOut: 'Await earlier publishes, publish more slowly, or raise maxBufferedBytes',
  })
}

export function recordTooLarge(bytes: number, boundBytes: number): TowlineError {
  return new TowlineError('TOWLINE_PAYLOAD_TOO_LARGE', `a record of ${bytes} bytes can never be buffered`, {
    value: bytes,
    bound: boundBytes,
    wayOut: `Raise maxBufferedBytes above it, or publish a reference to the data`,
  })
}

export function senderClosed(): TowlineError {
  return new TowlineError('TOWLINE_PRODUCER_CLOSED', 'the producer is closed', {
    wayOut: 'Connect again, and close only when nothing is left to publish',
  })
}

export function partitionMissing(tp: TopicPartition, partitionCount: number): TowlineError {
  return new TowlineError(
    'TOWLINE_OPTION_INVALID',
    `${tp.topic} has partitions 0 to ${partitionCount - 1}, got ${tp.partition}`,
    { value: tp.partition, bound: partitionCount - 1 },
  )
}

export function keyOrPartitionRequired(topic: string): TowlineError {
  return new TowlineError('TOWLINE_OPTION_INVALID', `a record for ${topic} has neither a key nor a partition`)
}

export function notAcknowledged(tp: TopicPartition, timeoutMs: number, cause: Error | undefined): TowlineError {
  const why = cause === undefined ? '' : `: ${cause.message}`
  return new TowlineError(
    'TOWLINE_PUBLISH_FAILED',
    `${tp.topic}/${tp.partition} did not acknowledge a record within ${timeoutMs} ms${why}`,
    {
      value: `${tp.topic}/${tp.partition}`,
      bound: timeoutMs,
      retriable: true,
      wayOut: 'It may have been written: publish again with the same idempotency key or task id',
      cause,
    },
  )
}

/** What the broker or client refused and would refuse again. */
export function refused(tp: TopicPartition, error: Error): TowlineError {
  if (isTowlineError(error)) return error
  return new TowlineError('TOWLINE_PUBLISH_FAILED', `${tp.topic}/${tp.partition} refused a record: ${error.message}`, {
    value: `${tp.topic}/${tp.partition}`,
    cause: error,
  })
}
