import {
  type EnvelopeFields,
  envelopeHeaders,
  FAILURE_MESSAGE_BYTES,
  FAILURE_STACK_BYTES,
  type Failure,
  HEADER,
  HEADER_TEXT_BYTES,
  type HeaderMap,
  idOfRecord,
  isTaskId,
  newTaskId,
  parseFailure,
  type RecordWithHeaders,
  readEnvelope,
  type TaskEnvelope,
} from '@towline/contracts'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { towlineErrorOf } from './error-matching.ts'
import { readVectors } from './vectors/read-vectors.ts'

interface EnvelopeVector {
  readonly name: string
  readonly record: Omit<RecordWithHeaders, 'headers' | 'key'> & { readonly key: string | null }
  readonly headers: Readonly<Record<string, string>>
  readonly envelope: Omit<TaskEnvelope, 'key'> & { readonly key: string | null }
}

const { envelopes } = readVectors<{ readonly envelopes: readonly EnvelopeVector[] }>('headers')
const TASK_ID = '018bcfe5-6800-70f4-8275-77b124391f26'

function bytesOf(key: string | null): Buffer | null {
  return key === null ? null : Buffer.from(key)
}

/** As a driver delivers them. */
function asBuffers(headers: Readonly<Record<string, string>>): HeaderMap {
  return Object.fromEntries(Object.entries(headers).map(([name, text]) => [name, Buffer.from(text)]))
}

function recordWith(headers: HeaderMap, key: Buffer | null = null): RecordWithHeaders {
  return { topic: 'digest.tasks', partition: 2, offset: 40, timestampMs: 1_700_000_000_000, key, headers }
}

describe('readEnvelope', () => {
  test.each(envelopes)('reads $name', ({ record, headers, envelope }) => {
    const read = readEnvelope({ ...record, key: bytesOf(record.key), headers: asBuffers(headers) })
    expect(read).toEqual({ envelope: { ...envelope, key: bytesOf(envelope.key) }, problems: [] })
  })

  test.each(envelopes)('$name gets its headers again', ({ record, headers, envelope }) => {
    const { key: _key, queuedAtMs: _queuedAtMs, ...fields } = envelope
    const stood = fields.origin.topic === record.topic
    const { origin, ...atOrigin } = fields
    const written = envelopeHeaders(stood ? atOrigin : fields)
    expect(written).toEqual('ce_id' in headers ? headers : { ce_id: envelope.taskId })
    expect(origin).toBeDefined()
  })

  test.each([
    [HEADER.life, '0', 'life', 1],
    [HEADER.life, '-1', 'life', 1],
    [HEADER.life, '1.5', 'life', 1],
    [HEADER.life, '', 'life', 1],
    [HEADER.attempt, 'two', 'attempt', 1],
    [HEADER.attempt, '0x2', 'attempt', 1],
    [HEADER.attempt, '9007199254740993', 'attempt', 1],
    [HEADER.ceId, 'order-17', 'taskId', idOfRecord('digest.tasks', 2, 40)],
    [HEADER.ceId, '', 'taskId', idOfRecord('digest.tasks', 2, 40)],
    [HEADER.origin, 'digest.tasks/1', 'origin', { topic: 'digest.tasks', partition: 2, offset: 40 }],
    [HEADER.origin, 'digest.tasks/1/-4', 'origin', { topic: 'digest.tasks', partition: 2, offset: 40 }],
    [HEADER.origin, 'a/b/1/4', 'origin', { topic: 'digest.tasks', partition: 2, offset: 40 }],
    [HEADER.origin, 'digest.tasks/1/9007199254740993', 'origin', { topic: 'digest.tasks', partition: 2, offset: 40 }],
    [HEADER.deadline, 'tomorrow', 'deadlineAtMs', undefined],
    [HEADER.dueAt, '1.7e12', 'dueAtMs', undefined],
    [HEADER.traceparent, '00-abc-01', 'traceparent', undefined],
    [HEADER.tenant, '', 'tenant', undefined],
    [HEADER.tenant, 'ä'.repeat(129), 'tenant', undefined],
    [HEADER.idempotencyKey, 'k'.repeat(257), 'idempotencyKey', undefined],
    [HEADER.firstFailure, '{', 'firstFailure', undefined],
    [HEADER.firstFailure, 'null', 'firstFailure', undefined],
    [HEADER.lastFailure, '{"code":"E","message":"m","atMs":"now","attempt":1}', 'lastFailure', undefined],
    [HEADER.lastFailure, '{"code":"E","message":"m","atMs":1,"attempt":-1}', 'lastFailure', undefined],
  ] as const)('ignores %s: %j and says so', (name, text, property, expected) => {
    const { envelope, problems } = readEnvelope(recordWith({ [name]: Buffer.from(text) }))
    expect(envelope[property]).toEqual(expected)
    expect(problems).toHaveLength(1)
    expect(problems[0]).toContain(`header ${name} must be`)
  })

  test('tells every problem of a record', () => {
    const { problems } = readEnvelope(recordWith({ [HEADER.life]: 'x', [HEADER.attempt]: 'y', [HEADER.tenant]: '' }))
    expect(problems).toHaveLength(3)
  })

  test('takes an id in upper case for the same id', () => {
    const { envelope, problems } = readEnvelope(recordWith({ ce_id: TASK_ID.toUpperCase() }))
    expect([envelope.taskId, problems]).toEqual([TASK_ID, []])
  })

  test('a task is unkeyed without a key and with its id as key, and keyed by anything else', () => {
    const headers = { ce_id: TASK_ID }
    const keyOf = (key: Buffer | null) => readEnvelope(recordWith(headers, key)).envelope.key
    expect(keyOf(null)).toBeNull()
    expect(keyOf(Buffer.from(TASK_ID))).toBeNull()
    for (const key of ['', 'customer-17', newTaskId(), TASK_ID.toUpperCase()])
      expect(keyOf(Buffer.from(key))).toEqual(Buffer.from(key))
  })

  test('a record without an id keeps its id through a move', () => {
    const first = readEnvelope(recordWith({})).envelope
    const moved = {
      ...recordWith({ [HEADER.origin]: 'digest.tasks/2/40' }),
      topic: 'digest.retry.5s',
      partition: 0,
      offset: 7,
    }
    expect(readEnvelope(moved).envelope.taskId).toBe(first.taskId)
  })

  test('a moved task without a time in its id was queued no later than it first failed', () => {
    const failure = '{"code":"E","message":"m","atMs":1699999990000,"attempt":1}'
    const headers = { ce_id: idOfRecord('digest.tasks', 2, 40), [HEADER.origin]: 'digest.tasks/2/40' }
    expect(readEnvelope(recordWith({ ...headers, [HEADER.firstFailure]: failure })).envelope.queuedAtMs).toBe(
      1_699_999_990_000,
    )
    expect(readEnvelope(recordWith(headers)).envelope.queuedAtMs).toBe(1_700_000_000_000)
  })

  test('makes an envelope of any headers at all, and one that can be written again', () => {
    const value = fc.oneof(
      fc.uint8Array({ maxLength: 40 }).map((bytes) => Buffer.from(bytes)),
      fc.string(),
      fc.constant(null),
    )
    const garbage = fc.oneof(value, fc.array(value, { maxLength: 3 }), fc.json(), fc.bigInt().map(String))
    const names = fc.oneof(
      { weight: 5, arbitrary: fc.constantFrom(...Object.values(HEADER)) },
      { weight: 1, arbitrary: fc.string() },
    )
    fc.assert(
      fc.property(fc.dictionary(names, garbage), fc.option(fc.uint8Array({ maxLength: 40 })), (headers, key) => {
        const { envelope } = readEnvelope(recordWith(headers, key === null ? null : Buffer.from(key)))
        expect(isTaskId(envelope.taskId)).toBe(true)
        expect(envelope.life >= 1 && envelope.attempt >= 1).toBe(true)
        const again = readEnvelope(recordWith(asBuffers(envelopeHeaders(envelope)), envelope.key))
        expect(again.problems).toEqual([])
        expect(again.envelope).toEqual({ ...envelope, queuedAtMs: again.envelope.queuedAtMs })
      }),
      { numRuns: 2_000 },
    )
  })
})

const failures = fc.record<Failure>({
  code: fc.string({ maxLength: 40 }),
  message: fc.string({ unit: 'grapheme', maxLength: 200 }),
  stack: fc.string({ unit: 'grapheme', maxLength: 200 }),
  atMs: fc.maxSafeNat(),
  attempt: fc.nat(100),
})
const text = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 20 })
const moments = fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER })
const fields = fc.record<EnvelopeFields>(
  {
    taskId: fc.uuid(),
    life: fc.integer({ min: 1, max: 3 }),
    attempt: fc.integer({ min: 1, max: 100 }),
    origin: fc.record({
      topic: fc.constantFrom('digest.tasks', 'prod.web-search.replay'),
      partition: fc.nat(1_000),
      offset: fc.maxSafeNat(),
    }),
    deadlineAtMs: moments,
    dueAtMs: moments,
    tenant: text,
    idempotencyKey: text,
    parent: text,
    replayId: text,
    redriveId: text,
    firstFailure: failures.map(({ stack: _stack, ...failure }) => failure),
    lastFailure: failures,
  },
  { requiredKeys: ['taskId', 'life', 'attempt', 'origin'] },
)

describe('envelopeHeaders', () => {
  test('are read back as what they were written from', () => {
    fc.assert(
      fc.property(fields, (written) => {
        const { envelope, problems } = readEnvelope(recordWith(asBuffers(envelopeHeaders(written))))
        const { key: _key, queuedAtMs: _queuedAtMs, ...read } = envelope
        expect(problems).toEqual([])
        expect(read).toEqual(written)
      }),
    )
  })

  test('leave out a life and an attempt of 1 and what is not there', () => {
    expect(envelopeHeaders({ taskId: TASK_ID, life: 1, attempt: 1 })).toEqual({ ce_id: TASK_ID })
    expect(envelopeHeaders({})).toEqual({})
  })

  test('cut failures to what may travel, and the first one to its message', () => {
    const failure = {
      code: 'c'.repeat(500),
      message: '🚚'.repeat(2_000),
      stack: 'ß'.repeat(9_000),
      atMs: 5,
      attempt: 1,
    }
    const headers = envelopeHeaders({ firstFailure: failure, lastFailure: failure })
    const first = parseFailure(headers[HEADER.firstFailure] ?? '')
    const last = parseFailure(headers[HEADER.lastFailure] ?? '')
    expect(first).toEqual({
      code: 'c'.repeat(128),
      message: '🚚'.repeat(FAILURE_MESSAGE_BYTES / 4),
      atMs: 5,
      attempt: 1,
    })
    expect(last).toEqual({ ...first, stack: 'ß'.repeat(FAILURE_STACK_BYTES / 2) })
  })

  test('stay below the 48 KiB that payloads leave them, whatever they say', () => {
    const failure = {
      code: '\u0001'.repeat(500),
      message: '\u0001'.repeat(5_000),
      stack: '\ud800'.repeat(9_000),
      atMs: Number.MAX_SAFE_INTEGER,
      attempt: Number.MAX_SAFE_INTEGER,
    }
    const worst = '\u0001'.repeat(HEADER_TEXT_BYTES)
    const control = { ...failure, stack: '\u0001'.repeat(9_000) }
    const headers = envelopeHeaders({
      taskId: TASK_ID,
      life: Number.MAX_SAFE_INTEGER,
      attempt: Number.MAX_SAFE_INTEGER,
      origin: { topic: 't'.repeat(249), partition: 2 ** 31 - 1, offset: Number.MAX_SAFE_INTEGER },
      deadlineAtMs: Number.MAX_SAFE_INTEGER,
      dueAtMs: Number.MAX_SAFE_INTEGER,
      tenant: worst,
      idempotencyKey: worst,
      parent: worst,
      replayId: worst,
      redriveId: worst,
      firstFailure: failure,
      lastFailure: control,
    })
    const bytes = Object.entries(headers).reduce(
      (sum, [name, value]) => sum + name.length + Buffer.byteLength(value) + 10,
      0,
    )
    expect(bytes).toBeLessThan(48 * 1024)
  })

  test.each(['tenant', 'idempotencyKey', 'parent', 'replayId', 'redriveId'] as const)(
    'refuse a %s that is empty or too long',
    (property) => {
      for (const bad of ['', 'ä'.repeat(129)]) {
        const error = towlineErrorOf(() => envelopeHeaders({ [property]: bad }), 'TOWLINE_HEADER_INVALID')
        expect(error.bound).toBe(HEADER_TEXT_BYTES)
        expect(error.value).toBe(Buffer.byteLength(bad))
        expect(error.wayOut).toMatch(bad === '' ? /^Leave it out$/ : /^Shorten it/)
      }
      expect(Object.values(envelopeHeaders({ [property]: 'ä'.repeat(128) }))).toEqual(['ä'.repeat(128)])
    },
  )
})
