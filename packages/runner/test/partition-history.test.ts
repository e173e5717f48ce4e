import { type CommitNote, encodeCommitNote, type GroupMarker, recordHash } from '@towline/contracts'
import type { FreshAssignment, KafkaRecord, ReadBatch, TopicPartition } from '@towline/kafka'
import { VirtualClock } from '@towline/kafka/memory'
import { describe, expect, test } from 'vitest'
import { LaterBase, needsHistory, PartitionHistory } from '../src/partition-history.ts'
import { noteText, TP, taskRecord } from './partition-bench.ts'

const GROUP = 'towline.digest.tasks'

/** A log that holds these records, and the markers of its group. */
function historyOf(records: readonly KafkaRecord[], markers = new Map<number, GroupMarker>()) {
  const written: GroupMarker[] = []
  const reads: number[] = []
  const clock = new VirtualClock()
  const history = new PartitionHistory({
    markers: {
      refresh: async () => {},
      get: (_, { partition }) => markers.get(partition) ?? null,
      write: async (_, { partition }, marker) => {
        written.push(marker)
        markers.set(partition, marker)
      },
    },
    reader: {
      async *read({ from, to }): AsyncGenerator<ReadBatch> {
        reads.push(from)
        yield { records: records.filter(({ offset }) => offset >= from && offset < Number(to)), next: Number(to) }
      },
    },
    clock,
    runnerId: 'runner-1',
  })
  const judge = async (assignment: Partial<FreshAssignment>) =>
    (await history.judge(GROUP, [{ tp: TP, committed: null, metadata: '', logStart: 0, logEnd: 10, ...assignment }]))[0]
  return { history, judge, written, reads, markers, clock }
}

function markerOf({ offset, timestampMs, key, value }: KafkaRecord, more: Partial<GroupMarker> = {}): GroupMarker {
  const finished = { offset, timestampMs, hash: recordHash(key, value) }
  return { atMs: 1_700_000_000_000, by: 'runner-0', finished, restored: null, ...more }
}

function belowBase(record: KafkaRecord, note: Partial<CommitNote> = {}): string {
  const base = record.offset + 1
  const hash = recordHash(record.key, record.value)
  return encodeCommitNote({
    clean: true,
    owner: 1,
    base,
    end: base,
    hash,
    hashIsBelowBase: true,
    unfinished: [],
    ...note,
  })
}

test('a partition without a marker may be begun', async () => {
  expect(await historyOf([taskRecord(4)]).judge({})).toBe('begin')
})

test('one with a marker of this log has lost its offset: the error names group, partition, since when and the way out', async () => {
  const record = taskRecord(4)
  const { judge } = historyOf([record], new Map([[TP.partition, markerOf(record)]]))
  expect(await judge({})).toMatchObject({
    code: 'TOWLINE_OFFSETS_EXPIRED',
    value: `${TP.topic}/${TP.partition}`,
    message: expect.stringMatching(/towline\.digest\.tasks.*since 2023-11-14T22:13:20\.000Z/),
    wayOut: 'See where it would go on: towline offsets restore digest --dry-run',
  })
})

test.each([
  ['the record that finished was deleted', { logStart: 5 }],
  ['only an operator ever committed', {}],
])('also where %s', async (what, assignment) => {
  const record = taskRecord(4)
  const marker = markerOf(record, what.startsWith('only') ? { finished: null } : {})
  expect(await historyOf([taskRecord(7)], new Map([[TP.partition, marker]])).judge(assignment)).toMatchObject({
    code: 'TOWLINE_OFFSETS_EXPIRED',
  })
})

test.each([
  ['another record stands at its offset', [taskRecord(4)]],
  [
    'the same record stands there with another time',
    [{ ...taskRecord(4, { id: '01890000-0000-7000-8000-000000000004' }), timestampMs: 9 }],
  ],
  ['the log ends before it', []],
])('a marker is of a former topic where %s, and is replaced by the next that finishes', async (what, records) => {
  const marker = markerOf(taskRecord(4, { id: '01890000-0000-7000-8000-000000000004' }))
  const { history, judge, written } = historyOf(records, new Map([[TP.partition, marker]]))
  expect(await judge(what.startsWith('the log') ? { logEnd: 4 } : {})).toBe('begin')
  await history.remember(GROUP, TP, taskRecord(1), 'first')
  await history.remember(GROUP, TP, taskRecord(2), 'first')
  expect(written.map(({ finished, by }) => [finished?.offset, by])).toEqual([[1, 'runner-1']])
})

test('a note whose last finished record is not the one below the base is of another log', async () => {
  const record = taskRecord(4)
  const at = { committed: 5, metadata: belowBase(record) }
  expect(await historyOf([record]).judge(at)).toBe('begin')
  expect(await historyOf([taskRecord(4)]).judge(at)).toBe('other-log')
  expect(await historyOf([]).judge(at)).toBe('begin') // a gap: nothing to compare
})

test('a marker is written once, and keeps what an operator left', async () => {
  const restored = { atMs: 5, by: 'ana', reason: null, offset: 3 }
  const left = { atMs: 5, by: 'ana', finished: null, restored }
  const { history, written } = historyOf([], new Map([[TP.partition, left]]))
  await history.remember(GROUP, TP, taskRecord(3), 'first')
  await history.remember(GROUP, TP, taskRecord(4), 'first')
  expect(written).toEqual([{ ...left, finished: expect.objectContaining({ offset: 3 }) }])
})

test('a marker is written again for a later record only, and keeps who wrote it first', async () => {
  const { history, written } = historyOf([], new Map([[TP.partition, markerOf(taskRecord(4))]]))
  await history.remember(GROUP, TP, taskRecord(4), 'again')
  await history.remember(GROUP, TP, taskRecord(8), 'again')
  await history.remember(GROUP, TP, taskRecord(6), 'again')
  expect(written.map(({ finished, by }) => [finished?.offset, by])).toEqual([[8, 'runner-0']])
})

describe('a note whose own record was deleted', () => {
  const at = (offset: number) => ({ offset, attempts: 1, deliveries: 0, started: false })
  const log = [6, 7, 8, 9].map((offset) => taskRecord(offset))
  const [first, proof] = [log[0], log[2]] as [KafkaRecord, KafkaRecord]
  const metadata = noteText(taskRecord(2), { end: 9, unfinished: [at(2), at(4), at(7)] })
  const assignment = { committed: 2, metadata, logStart: 5 }
  const judged = async (marker: GroupMarker | null, more: Partial<FreshAssignment> = {}, records = log) =>
    await historyOf(records, new Map(marker === null ? [] : [[TP.partition, marker]])).judge({ ...assignment, ...more })

  test('counts from the first record on that is there, where the marker names one that is there too', async () => {
    expect(await judged(markerOf(proof))).toEqual(new LaterBase(6, noteText(first, { end: 9, unfinished: [at(7)] })))
  })

  test.each<readonly [string, GroupMarker | null]>([
    ['there is no marker', null],
    ['the marker names no record', markerOf(proof, { finished: null })],
    ['the record of the marker was deleted too', markerOf(taskRecord(4))],
    ['another record stands where the marker says', markerOf(taskRecord(8))],
    ['the same record stands there with another time', markerOf({ ...proof, timestampMs: 9 })],
    ['the record of the marker is one that the note does not call finished', markerOf(log[1] as KafkaRecord)],
    ['the record of the marker is beyond what the note speaks of', markerOf(log[3] as KafkaRecord)],
  ])('is void where %s', async (_, marker) => {
    expect(await judged(marker)).toBe('begin')
  })

  test('is void where the log ends before it, or where it says nothing of what is left', () => {
    const full = { tp: TP, ...assignment, logEnd: 9 }
    expect(needsHistory(full)).toBe(true)
    expect(needsHistory({ ...full, logEnd: 8 })).toBe(false)
    expect(needsHistory({ ...full, logStart: 9 })).toBe(false)
    expect(needsHistory({ ...full, committed: 3 })).toBe(false)
  })
})

test('history matters where the whole log would run, or where a note cannot be checked by what is read', () => {
  const at = (assignment: Partial<FreshAssignment>): boolean =>
    needsHistory({ tp: TP as TopicPartition, committed: null, metadata: '', logStart: 2, logEnd: 9, ...assignment })
  const metadata = belowBase(taskRecord(4))
  expect(at({})).toBe(true)
  expect(at({ logStart: 9 })).toBe(false)
  expect(at({ committed: 5, metadata })).toBe(true)
  expect(at({ committed: 5, metadata, logStart: 5 })).toBe(false)
  expect(at({ committed: 5, metadata, logEnd: 4 })).toBe(false)
  expect(at({ committed: 6, metadata })).toBe(false)
  expect(at({ committed: 5, metadata: belowBase(taskRecord(4), { hash: 0 }) })).toBe(false)
  expect(at({ committed: 5, metadata: 'written by something else' })).toBe(false)
})
