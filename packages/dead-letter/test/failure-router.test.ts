import {
  DEAD_REASONS,
  type Failure,
  HEADER,
  headerText,
  readEnvelope,
  topicNames,
  userHeaders,
} from '@towline/contracts'
import { SendDropped, type SendGuard } from '@towline/kafka'
import { ManualClock } from '@towline/test-brokers'
import { beforeEach, describe, expect, test } from 'vitest'
import { createFailureRouter, type FailureRouter } from '../src/failure-router.ts'
import type { SourceRecord } from '../src/moved-record.ts'
import { MemoryLog, type StoredRecord } from './memory-log.ts'
import { AT_MS, failure } from './task-fixtures.ts'

const names = topicNames('digest')
const SEND: SendGuard = () => 'send'
/** What `topics plan` gives retry and dead-letter topics above `.tasks` for headers of ours. */
const HEADER_ROOM_BYTES = 64 * 1024
const MARGIN_BYTES = 16 * 1024

let clock: ManualClock
let log: MemoryLog
let router: FailureRouter

beforeEach(() => {
  clock = new ManualClock(AT_MS)
  log = new MemoryLog(clock, { [names.tasks]: 12, [names.retry(5_000)]: 3, [names.retry(60_000)]: 3, [names.dlq]: 3 })
  router = createFailureRouter({ sender: log.sender, names, clock })
})

function sourceOf(record: StoredRecord): SourceRecord {
  return { record, envelope: readEnvelope(record).envelope }
}

function publish(fields: Partial<Parameters<MemoryLog['append']>[1]> = {}): SourceRecord {
  const record = {
    key: Buffer.from('customer-7'),
    value: Buffer.from([0, 0, 0, 0, 7, 1, 2, 3]),
    headers: {},
    ...fields,
  }
  return sourceOf(log.append(names.tasks, record))
}

function only(topic: string): StoredRecord {
  const records = log.records(topic)
  expect(records).toHaveLength(1)
  return records[0] as StoredRecord
}

const FOREIGN_HEADERS = {
  'content-type': 'application/avro',
  ce_type: 'io.digest.requested',
  __proto__x: 'kept',
  repeated: ['a', null, 'b'],
  empty: '',
  nothing: null,
  binary: Buffer.from([0xff, 0x00]),
}

describe('a move to a tier', () => {
  test('keeps key, value and user headers as they came', async () => {
    const source = publish({ headers: FOREIGN_HEADERS })
    await router.toTier(source, { tierMs: 5_000, dueAtMs: AT_MS + 5_000, attempt: 2 }, failure(), SEND)
    const moved = only(names.retry(5_000))
    expect(moved.key).toEqual(source.record.key)
    expect(moved.value).toEqual(source.record.value)
    expect({ ...userHeaders(moved.headers) }).toEqual({ ...userHeaders(source.record.headers) })
  })

  test('says which task it is and where it began, also for a record that came without headers', async () => {
    const source = publish({ key: null })
    await router.toTier(source, { tierMs: 5_000, dueAtMs: AT_MS + 5_000, attempt: 2 }, failure(), SEND)
    const moved = only(names.retry(5_000))
    const { envelope, problems } = readEnvelope(moved)
    expect(problems).toEqual([])
    expect(envelope).toMatchObject({
      taskId: source.envelope.taskId,
      key: null,
      attempt: 2,
      origin: source.envelope.origin,
    })
    expect(moved.key?.toString()).toBe(source.envelope.taskId)
  })

  test('names no due time where the tier is the whole wait, and names it where it is not', async () => {
    await router.toTier(publish(), { tierMs: 5_000, dueAtMs: AT_MS + 5_000, attempt: 2 }, failure(), SEND)
    await router.toTier(publish(), { tierMs: 60_000, dueAtMs: AT_MS + 90_000, attempt: 2 }, failure(), SEND)
    expect(readEnvelope(only(names.retry(5_000))).envelope.dueAtMs).toBeUndefined()
    expect(readEnvelope(only(names.retry(60_000))).envelope.dueAtMs).toBe(AT_MS + 90_000)
  })

  test('drops the due time of a wait that is over', async () => {
    const source = publish({ headers: { [HEADER.dueAt]: String(AT_MS - 1) } })
    await router.toTier(source, { tierMs: 5_000, dueAtMs: AT_MS + 5_000, attempt: 2 }, failure(), SEND)
    expect(headerText(only(names.retry(5_000)).headers, HEADER.dueAt)).toBeUndefined()
  })

  test('keeps the first failure, replaces the last, and a hop or deferral changes neither', async () => {
    const move = { tierMs: 5_000, dueAtMs: AT_MS + 5_000, attempt: 2 }
    await router.toTier(publish(), move, failure('first', 1), SEND)
    const once = only(names.retry(5_000))
    await router.toTier(sourceOf(once), { ...move, tierMs: 60_000, attempt: 3 }, failure('second', 2), SEND)
    const twice = only(names.retry(60_000))
    await router.toTier(sourceOf(twice), { ...move, attempt: 3 }, undefined, SEND)
    const { envelope } = readEnvelope(log.records(names.retry(5_000)).at(-1) as StoredRecord)
    const { stack: _stack, ...firstWithoutStack } = failure('first', 1)
    expect(envelope.firstFailure).toEqual(firstWithoutStack)
    expect(envelope.lastFailure).toEqual(failure('second', 2))
  })

  test('keeps tenant, deadline, idempotency key, trace, parent, replay, redrive and life', async () => {
    const kept = {
      [HEADER.traceparent]: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
      [HEADER.life]: '2',
      [HEADER.deadline]: String(AT_MS + 99_000),
      [HEADER.tenant]: 'acme',
      [HEADER.idempotencyKey]: 'order-17',
      [HEADER.parent]: '0190c1a0-0000-7000-8000-000000000001',
      [HEADER.replay]: '0190c1a0-0000-7000-8000-000000000002',
      [HEADER.redrive]: '0190c1a0-0000-7000-8000-000000000003',
    }
    await router.toTier(publish({ headers: kept }), { tierMs: 5_000, dueAtMs: AT_MS, attempt: 2 }, failure(), SEND)
    const { headers } = only(names.retry(5_000))
    expect(Object.fromEntries(Object.keys(kept).map((name) => [name, headerText(headers, name)]))).toEqual(kept)
  })
})

describe('a dead letter', () => {
  test.each(DEAD_REASONS)('says %s, its failure with stack, its attempt and its origin', async (reason) => {
    const source = publish({ headers: { [HEADER.attempt]: '5', [HEADER.dueAt]: String(AT_MS) } })
    await router.deadLetter(source, reason, failure('gone', 5), SEND)
    const letter = only(names.dlq)
    const { envelope } = readEnvelope(letter)
    expect(headerText(letter.headers, HEADER.deadReason)).toBe(reason)
    expect(envelope).toMatchObject({ attempt: 5, origin: source.envelope.origin, lastFailure: failure('gone', 5) })
    expect(envelope.firstFailure).toMatchObject({ message: 'gone', attempt: 5 })
    expect(envelope.dueAtMs).toBeUndefined()
  })

  test.each([
    ['bytes that are no Avro', Buffer.from('{"not":"avro"}')],
    ['no bytes', Buffer.alloc(0)],
    ['null', null],
  ])('carries %s as they came', async (_what, value) => {
    await router.deadLetter(publish({ value }), 'undecodable', failure('no schema', 0), SEND)
    expect(only(names.dlq).value).toEqual(value)
  })

  test('passes on what the sender rejects with, and writes nothing then', async () => {
    const dropping = createFailureRouter({
      names,
      clock,
      sender: { send: (target) => Promise.reject(new SendDropped({ topic: target.topic, partition: 0 })) },
    })
    await expect(dropping.deadLetter(publish(), 'terminal', failure(), () => 'drop')).rejects.toBeInstanceOf(
      SendDropped,
    )
    expect(log.records(names.dlq)).toEqual([])
  })
})

function bytesOf({ key, value, headers }: StoredRecord): number {
  const sizes = Object.entries(headers).map(
    ([name, header]) => 10 + Buffer.byteLength(name) + (header as Buffer).length,
  )
  return (key?.length ?? 0) + (value?.length ?? 0) + sizes.reduce((sum, size) => sum + size, 0)
}

/** NUL is one byte of UTF-8 and six of JSON: nothing grows more on its way into a header. */
function worstFailure(attempt: number): Failure {
  return { code: '\0'.repeat(10_000), message: '\0'.repeat(10_000), stack: '\0'.repeat(100_000), atMs: AT_MS, attempt }
}

describe('the header budget', () => {
  const text = 'x'.repeat(256)
  const worst = {
    [HEADER.tenant]: text,
    [HEADER.idempotencyKey]: text,
    [HEADER.parent]: text,
    [HEADER.replay]: text,
    [HEADER.redrive]: text,
    [HEADER.deadline]: String(Number.MAX_SAFE_INTEGER),
    [HEADER.traceparent]: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
  }

  test('at their worst, headers fit what tiers and dead-letter topics allow above tasks', async () => {
    const { record, envelope } = publish({ key: null, value: null, headers: worst })
    const origin = { topic: 't'.repeat(249), partition: 9_999, offset: 2 ** 53 - 1 }
    await router.deadLetter({ record, envelope: { ...envelope, origin } }, 'attempts-exhausted', worstFailure(5), SEND)
    const added = bytesOf(only(names.dlq))
    expect(added).toBeLessThan(HEADER_ROOM_BYTES - MARGIN_BYTES)
    expect(added).toBeGreaterThan(30 * 1024)
  })

  test('M2: ten retries of a payload of the greatest size do not grow it', async () => {
    const value = Buffer.alloc(1_000_000, 1)
    let source = publish({ value, headers: worst })
    const sizes: number[] = []
    for (let attempt = 11; attempt <= 20; attempt += 1) {
      await router.toTier(source, { tierMs: 5_000, dueAtMs: AT_MS + 9e9, attempt }, worstFailure(attempt - 1), SEND)
      const moved = log.records(names.retry(5_000)).at(-1) as StoredRecord
      expect(moved.value?.equals(value)).toBe(true)
      sizes.push(bytesOf(moved))
      source = sourceOf(moved)
    }
    expect(new Set(sizes).size).toBe(1)
    await router.deadLetter(source, 'attempts-exhausted', worstFailure(20), SEND)
    expect(bytesOf(only(names.dlq))).toBeLessThan(value.length + HEADER_ROOM_BYTES)
  })
})
