import { HEADER, idOfRecord, idOfReplay, readEnvelope } from '@towline/contracts'
import type { KafkaRecord } from '@towline/kafka'
import { expect, test } from 'vitest'
import { replayedRecord } from '../src/replayed-record.ts'

const REPLAY_ID = '018f3c5e-0000-7000-8000-000000000001'
const TASK_ID = '018f3c5e-6d2a-7c1b-9f00-0123456789ab'
const FROM = { replayId: REPLAY_ID, topic: 'digest.tasks', partition: 3 }
const NEW_ID = idOfReplay(REPLAY_ID, 'digest.tasks', 3, 42)

function taskRecord(record: Partial<KafkaRecord>): KafkaRecord {
  return { offset: 42, timestampMs: 1_600_000_000_000, key: null, value: Buffer.from('v'), headers: {}, ...record }
}

function header(text: string): Buffer {
  return Buffer.from(text)
}

test('is a new task, at the start of its life, that names its original and its replay', () => {
  const failure = JSON.stringify({ code: 'E', message: 'm', atMs: 1, attempt: 1 })
  const replayed = replayedRecord(
    taskRecord({
      key: Buffer.from('session-7'),
      headers: {
        [HEADER.ceId]: header(TASK_ID),
        [HEADER.life]: header('2'),
        [HEADER.attempt]: header('3'),
        [HEADER.origin]: header('digest.tasks/1/5'),
        [HEADER.deadline]: header('1700000000000'),
        [HEADER.dueAt]: header('1700000000000'),
        [HEADER.tenant]: header('acme'),
        [HEADER.idempotencyKey]: header('once'),
        [HEADER.parent]: header('018f3c5e-6d2a-7c1b-9f00-00000000000f'),
        [HEADER.redrive]: header('018f3c5e-6d2a-7c1b-9f00-00000000000e'),
        [HEADER.firstFailure]: header(failure),
        [HEADER.lastFailure]: header(failure),
        [HEADER.traceparent]: header('00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'),
      },
    }),
    FROM,
  )
  expect(replayed.headers).toEqual({
    [HEADER.ceId]: NEW_ID,
    [HEADER.parent]: TASK_ID,
    [HEADER.replay]: REPLAY_ID,
    [HEADER.tenant]: 'acme',
  })
  expect(replayed.key).toEqual(Buffer.from('session-7'))
  const read = readEnvelope({ ...FROM, partition: 0, offset: 0, timestampMs: 0, key: null, headers: replayed.headers })
  expect(read.problems).toEqual([])
  expect(read.envelope).toMatchObject({ taskId: NEW_ID, life: 1, attempt: 1, parent: TASK_ID, replayId: REPLAY_ID })
})

test.each([
  ['without a key', null],
  ['with its id as key', Buffer.from(TASK_ID)],
])('an unkeyed task, %s, is keyed by its new id', (_, key) => {
  const { key: replayedKey } = replayedRecord(taskRecord({ key, headers: { ce_id: header(TASK_ID) } }), FROM)
  expect(String(replayedKey)).toBe(NEW_ID)
})

test('a record of a foreign publisher has the id of its position as parent', () => {
  const { headers } = replayedRecord(taskRecord({ key: Buffer.from('k') }), FROM)
  expect(headers[HEADER.parent]).toBe(idOfRecord('digest.tasks', 3, 42))
})

test('value and user headers travel as they are, repeated and null ones included', () => {
  const value = Buffer.from([0, 0, 0, 0, 7, 255, 128])
  const headers = {
    content: header('text/plain'),
    empty: header(''),
    none: null,
    many: [header('1'), null, header('2')],
    ['__proto__']: header('a name like any other'),
  }
  const replayed = replayedRecord(taskRecord({ value, headers }), FROM)
  expect(replayed.value).toBe(value)
  for (const [name, sent] of Object.entries(headers)) {
    expect(Object.getOwnPropertyDescriptor(replayed.headers, name)?.value).toEqual(sent)
  }
  expect(replayedRecord(taskRecord({ value: null }), FROM).value).toBeNull()
})

test('the same position in the same replay is the same task; another replay makes another', () => {
  const record = taskRecord({ key: Buffer.from('k') })
  expect(replayedRecord(record, FROM)).toEqual(replayedRecord(record, FROM))
  const other = replayedRecord(record, { ...FROM, replayId: '018f3c5e-0000-7000-8000-000000000002' })
  expect(other.headers[HEADER.ceId]).not.toBe(NEW_ID)
})
