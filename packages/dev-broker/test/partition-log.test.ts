import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { admitBatch, type BatchLimits } from '../src/log/admit-batch.ts'
import { crc32c } from '../src/log/crc32c.ts'
import { awaitAppends } from '../src/log/long-poll.ts'
import { PartitionLog } from '../src/log/partition-log.ts'
import { readBatchHeader } from '../src/log/record-batch.ts'
import { KAFKA_ERRORS } from '../src/protocol/error-codes.ts'
import { type BatchSpec, batch } from './batches.ts'

const NOW = 1_000_000

function append(log: PartitionLog, spec: BatchSpec, usesLogAppendTime = false, nowMs = NOW) {
  const bytes = batch(spec)
  return log.append(bytes, readBatchHeader(bytes), usesLogAppendTime, nowMs)
}

function retain(log: PartitionLog, olderThanMs: number, maxBytes: number): void {
  log.truncateBefore(log.retainedFrom(olderThanMs, maxBytes))
}

const records = (count: number, atMs = NOW): BatchSpec => ({ timestampsMs: Array<number>(count).fill(atMs) })

type Step =
  | { readonly kind: 'append'; readonly count: number; readonly atMs: number }
  | { readonly kind: 'truncate'; readonly share: number }
  | { readonly kind: 'retain'; readonly olderThanMs: number; readonly maxBytes: number }

const steps: fc.Arbitrary<readonly Step[]> = fc.array(
  fc.oneof(
    fc.record({ kind: fc.constant('append' as const), count: fc.integer({ min: 1, max: 4 }), atMs: fc.nat(100) }),
    fc.record({ kind: fc.constant('truncate' as const), share: fc.float({ min: 0, max: 1, noNaN: true }) }),
    fc.record({ kind: fc.constant('retain' as const), olderThanMs: fc.nat(100), maxBytes: fc.nat(600) }),
  ),
  { maxLength: 25 },
)

test('L1 to L3 hold whatever is appended, truncated and retained', () => {
  fc.assert(
    fc.property(steps, fc.nat(), (history, seed) => {
      const log = new PartitionLog()
      for (const step of history) {
        const before = { start: log.startOffset, end: log.endOffset }
        if (step.kind === 'append') {
          expect(append(log, records(step.count, step.atMs)).baseOffset).toBe(before.end)
          expect(log.endOffset).toBe(before.end + step.count) // L1
        } else if (step.kind === 'truncate') {
          log.truncateBefore(Math.floor(step.share * before.end))
        } else retain(log, step.olderThanMs, step.maxBytes)
        expect(log.startOffset).toBeGreaterThanOrEqual(before.start) // L2
        expect(log.endOffset).toBeGreaterThanOrEqual(before.end)
        expect(log.startOffset).toBeLessThanOrEqual(log.endOffset)
      }
      const offset = log.startOffset + (seed % (log.endOffset - log.startOffset + 1))
      const read = log.read(offset, Number.MAX_SAFE_INTEGER, false).map(readBatchHeader)
      let expected = offset
      for (const [i, { baseOffset, lastOffsetDelta }] of read.entries()) {
        if (i === 0)
          expect(baseOffset).toBeLessThanOrEqual(offset) // L3
        else expect(baseOffset).toBe(expected)
        expected = baseOffset + lastOffsetDelta + 1
      }
      expect(expected).toBe(log.endOffset)
    }),
  )
})

test('the size is that of the batches it can still read', () => {
  fc.assert(
    fc.property(steps, (history) => {
      const log = new PartitionLog()
      for (const step of history) {
        if (step.kind === 'append') append(log, records(step.count, step.atMs))
        else if (step.kind === 'truncate') log.truncateBefore(Math.floor(step.share * log.endOffset))
        else retain(log, step.olderThanMs, step.maxBytes)
      }
      const readable = log.read(log.startOffset, Number.MAX_SAFE_INTEGER, false)
      expect(log.sizeBytes).toBe(readable.reduce((total, { length }) => total + length, 0))
    }),
  )
})

describe('appending', () => {
  test('writes the base offset and a leader epoch without touching the checksum', () => {
    const log = new PartitionLog()
    append(log, records(3))
    append(log, records(2))
    const [, second] = log.read(0, 10_000, false)
    expect(readBatchHeader(second as Buffer).baseOffset).toBe(3)
    expect(second?.readInt32BE(12)).toBe(0)
    expect(second?.readUInt32BE(17)).toBe(crc32c(second as Buffer, 21))
  })

  test('with LogAppendTime stamps the batch and renews the checksum', () => {
    const log = new PartitionLog()
    expect(append(log, records(2, 5), true, NOW)).toEqual({ baseOffset: 0, logAppendTimeMs: NOW })
    const [stored] = log.read(0, 10_000, false) as [Buffer]
    expect(readBatchHeader(stored)).toMatchObject({ isLogAppendTime: true, maxTimestampMs: NOW })
    expect(stored.readUInt32BE(17)).toBe(crc32c(stored, 21))
  })
})

describe('reading', () => {
  test('gives the batch that holds the offset, from its start', () => {
    const log = new PartitionLog()
    for (const count of [3, 3, 3]) append(log, records(count))
    expect(log.read(4, 10_000, false).map((bytes) => readBatchHeader(bytes).baseOffset)).toEqual([3, 6])
    expect(log.read(9, 10_000, true)).toEqual([])
  })

  test('stops before the limit, except for the first batch where it must give one', () => {
    const log = new PartitionLog()
    const size = batch(records(1)).length
    for (let i = 0; i < 3; i++) append(log, records(1))
    expect(log.read(0, size * 2, false)).toHaveLength(2)
    expect(log.read(0, size - 1, false)).toHaveLength(0)
    expect(log.read(0, size - 1, true)).toHaveLength(1)
    expect(log.read(0, 0, true)).toHaveLength(1)
  })
})

describe('the offset for a time', () => {
  test.each(['none', 'gzip'] as const)(
    'is that of the first record at or after it, inside a batch too: %s',
    (compression) => {
      const log = new PartitionLog()
      append(log, { timestampsMs: [100, 200, 300], compression })
      append(log, { timestampsMs: [400, 500], compression })
      expect(log.offsetForTimestamp(0)).toEqual({ offset: 0, timestampMs: 100 })
      expect(log.offsetForTimestamp(200)).toEqual({ offset: 1, timestampMs: 200 })
      expect(log.offsetForTimestamp(201)).toEqual({ offset: 2, timestampMs: 300 })
      expect(log.offsetForTimestamp(301)).toEqual({ offset: 3, timestampMs: 400 })
      expect(log.offsetForTimestamp(501)).toBeNull()
    },
  )

  test('of a batch it cannot open is the batch’s first: never too late', () => {
    const log = new PartitionLog()
    append(log, { timestampsMs: [100, 200, 300], compression: 'snappy' })
    expect(log.offsetForTimestamp(250)).toEqual({ offset: 0, timestampMs: 300 })
  })

  test('skips what was deleted', () => {
    const log = new PartitionLog()
    append(log, { timestampsMs: [100, 200, 300] })
    log.truncateBefore(2)
    expect(log.offsetForTimestamp(0)).toEqual({ offset: 2, timestampMs: 300 })
  })

  test('with LogAppendTime goes by the broker’s time', () => {
    const log = new PartitionLog()
    append(log, { timestampsMs: [9_999_999, 9_999_999] }, true, 700)
    expect(log.offsetForTimestamp(700)).toEqual({ offset: 0, timestampMs: 700 })
    expect(log.offsetForTimestamp(701)).toBeNull()
  })
})

describe('retention', () => {
  test('frees whole batches older than the limit, and not the young behind them', () => {
    const log = new PartitionLog()
    for (const atMs of [10, 20, 30]) append(log, records(2, atMs))
    retain(log, 25, Number.POSITIVE_INFINITY)
    expect(log.startOffset).toBe(4)
    retain(log, 31, Number.POSITIVE_INFINITY)
    expect({ start: log.startOffset, end: log.endOffset, size: log.sizeBytes }).toEqual({ start: 6, end: 6, size: 0 })
  })

  test('by size keeps at least the bytes it is told to', () => {
    const log = new PartitionLog()
    const size = batch(records(1)).length
    for (let i = 0; i < 5; i++) append(log, records(1))
    retain(log, 0, size * 2 + 1)
    expect(log.startOffset).toBe(2)
    expect(log.sizeBytes).toBe(size * 3)
  })
})

describe('a batch', () => {
  const limits: BatchLimits = { maxMessageBytes: 10_000, usesLogAppendTime: false, timestampAfterMaxMs: 1_000 }
  const good = batch(records(2))
  const flipped = Buffer.from(good)
  flipped.writeUInt8(flipped.readUInt8(70) ^ 1, 70)

  test.each([
    ['none at all', null, KAFKA_ERRORS.INVALID_RECORD],
    ['empty', Buffer.alloc(0), KAFKA_ERRORS.INVALID_RECORD],
    ['shorter than a header', good.subarray(0, 60), KAFKA_ERRORS.CORRUPT_MESSAGE],
    ['cut short', good.subarray(0, good.length - 1), KAFKA_ERRORS.CORRUPT_MESSAGE],
    ['two of them', Buffer.concat([good, good]), KAFKA_ERRORS.INVALID_RECORD],
    ['of the old format', batch({ ...records(1), magic: 1 }), KAFKA_ERRORS.INVALID_RECORD],
    ['with a flipped bit', flipped, KAFKA_ERRORS.CORRUPT_MESSAGE],
    ['larger than the topic allows', batch({ ...records(1), valueBytes: 10_000 }), KAFKA_ERRORS.MESSAGE_TOO_LARGE],
    ['without records', batch({ timestampsMs: [] }), KAFKA_ERRORS.INVALID_RECORD],
    ['with offsets that are not dense', batch({ ...records(2), lastOffsetDelta: 5 }), KAFKA_ERRORS.INVALID_RECORD],
    ['that is a control batch', batch({ ...records(1), attributes: 0x20 }), KAFKA_ERRORS.INVALID_RECORD],
    ['of an idempotent producer', batch({ ...records(1), producerId: 5 }), KAFKA_ERRORS.INVALID_PRODUCER_ID_MAPPING],
    ['from the future', batch(records(1, NOW + 1_001)), KAFKA_ERRORS.INVALID_TIMESTAMP],
  ])('%s is refused with Kafka’s own error', (_, bytes, errorCode) => {
    expect(admitBatch(bytes, limits, NOW)).toEqual({ kind: 'refused', errorCode })
  })

  test('that is whole is admitted, from the future too where the broker’s time counts', () => {
    expect(admitBatch(good, limits, NOW)).toMatchObject({ kind: 'admitted', header: { recordCount: 2 } })
    const future = batch(records(1, NOW + 1_001))
    expect(admitBatch(future, { ...limits, usesLogAppendTime: true }, NOW)).toMatchObject({ kind: 'admitted' })
  })

  test('with any one bit flipped is never admitted as another', () => {
    fc.assert(
      fc.property(fc.nat(good.length * 8 - 1), (bit) => {
        const bytes = Buffer.from(good)
        const at = bit >> 3
        bytes.writeUInt8(bytes.readUInt8(at) ^ (1 << (bit & 7)), at)
        const isOutsideChecksum = at < 8 || (at >= 12 && at < 16)
        expect(admitBatch(bytes, limits, NOW).kind).toBe(isOutsideChecksum ? 'admitted' : 'refused')
      }),
    )
  })
})

describe('a long poll', () => {
  const never = new AbortController().signal

  test('ends when enough bytes came, over all its logs together', async () => {
    const logs = [new PartitionLog(), new PartitionLog()] as const
    const size = batch(records(1)).length
    let isOver = false
    const poll = awaitAppends(logs, size * 2, 60_000, never).then(() => {
      isOver = true
    })
    append(logs[0], records(1))
    await new Promise(setImmediate)
    expect(isOver).toBe(false)
    append(logs[1], records(1))
    await poll
    expect(isOver).toBe(true)
  })

  test('ends when a log is closed under it', async () => {
    const log = new PartitionLog()
    const poll = awaitAppends([log], 1, 60_000, never)
    log.close()
    await poll
    expect(log.isClosed).toBe(true)
  })

  test('ends when its time is up, and when its reader is gone', async () => {
    const gone = new AbortController()
    const startedAtMs = performance.now()
    await awaitAppends([new PartitionLog()], 1, 20, never)
    expect(performance.now() - startedAtMs).toBeGreaterThanOrEqual(19)
    const poll = awaitAppends([new PartitionLog()], 1, 60_000, gone.signal)
    gone.abort()
    await poll
    await awaitAppends([new PartitionLog()], 1, 60_000, gone.signal)
  })
})
