import { decodeCommitNote, idOfKey, recordHash } from '@towline/contracts'
import { settle } from '@towline/kafka/memory'
import { describe, expect, test } from 'vitest'
import type { TaskSlot } from '../src/task-slot.ts'
import { noteText, PartitionBench, TP, taskRecord } from './partition-bench.ts'

const running = { interrupt: () => {} }

function takeAll({ partition }: PartitionBench): TaskSlot[] {
  const slots: TaskSlot[] = []
  for (let slot = partition.take(); slot !== undefined; slot = partition.take()) slots.push(slot)
  return slots
}

describe('partition', () => {
  test('starts nothing where nothing was ever committed, until the first commit is confirmed', () => {
    const bench = new PartitionBench({ committed: null })
    bench.deliver(taskRecord(0))
    expect(bench.partition.isDirty).toBe(true)
    expect(bench.partition.take()).toBeUndefined()
    bench.partition.commitEntry(1, false)
    bench.partition.commitConfirmed()
    expect(bench.readyCount).toBe(1)
    expect(bench.partition.take()?.mayHaveRun).toBe(false)
  })

  test('starts nothing after a clean hand-over either, until a commit says that it is not clean any more', () => {
    const metadata = noteText(taskRecord(0), { clean: true })
    const bench = new PartitionBench({ committed: 0, metadata, logEnd: 1 })
    bench.partition.begin()
    bench.deliver(taskRecord(0))
    expect(bench.partition).toMatchObject({ isDirty: true, hasReady: false })
    const entry = bench.partition.commitEntry(2, false)
    expect(decodeCommitNote(entry.metadata)?.clean).toBe(false)
    bench.partition.commitConfirmed()
    expect(bench.partition.take()?.mayHaveRun).toBe(false)
  })

  test('runs tasks of one key one after another, and others beside them', () => {
    const bench = new PartitionBench()
    bench.deliver(taskRecord(0, { key: 'a' }), taskRecord(1, { key: 'a' }), taskRecord(2, { key: 'b' }), taskRecord(3))
    expect(takeAll(bench).map(({ record }) => record.offset)).toEqual([0, 2, 3])
  })

  test('runs everything in order with ordering partition, and everything at once with ordering none', () => {
    const inOrder = new PartitionBench({}, { ordering: 'partition' })
    inOrder.deliver(taskRecord(0, { key: 'a' }), taskRecord(1, { key: 'b' }))
    expect(takeAll(inOrder)).toHaveLength(1)
    const atOnce = new PartitionBench({}, { ordering: 'none' })
    atOnce.deliver(taskRecord(0, { key: 'a' }), taskRecord(1, { key: 'a' }))
    expect(takeAll(atOnce)).toHaveLength(2)
  })

  test('keeps a finished task from letting the next of its key start before it is released', () => {
    const bench = new PartitionBench()
    bench.deliver(taskRecord(0, { key: 'a' }), taskRecord(1, { key: 'a' }))
    const slot = bench.partition.take() as TaskSlot
    bench.partition.finish(slot, true)
    expect(bench.partition.base).toBe(1)
    expect(bench.partition.take()).toBeUndefined()
    bench.partition.release(slot)
    expect(bench.partition.take()?.record.offset).toBe(1)
  })

  test('knows a repeat of what finished here, and not the next life of it', () => {
    const bench = new PartitionBench()
    const id = '01890000-0000-7000-8000-000000000001'
    bench.deliver(taskRecord(0, { id }), taskRecord(1, { id }))
    const first = bench.partition.take() as TaskSlot
    expect(bench.partition.isRepeat(first)).toBe(false)
    bench.partition.finish(first, true)
    bench.partition.release(first)
    const second = bench.partition.take() as TaskSlot
    expect(bench.partition.isRepeat(second)).toBe(true)
    expect(bench.partition.isRepeat({ ...second, envelope: { ...second.envelope, life: 2 } })).toBe(false)
  })

  test('parks a task at the head of its key for as long as told, and keeps its attempts in the note', async () => {
    const bench = new PartitionBench()
    bench.deliver(taskRecord(0, { key: 'a' }), taskRecord(1, { key: 'a' }))
    const slot = bench.partition.take() as TaskSlot
    slot.attempt = 2
    slot.spentInPlace = 1
    bench.partition.park(slot, 500)
    expect(decodeCommitNote(bench.partition.commitEntry(1, false).metadata)?.unfinished).toEqual([
      { offset: 0, attempts: 1, deliveries: 0, started: false },
    ])
    await bench.clock.advance(499)
    expect(bench.partition.take()).toBeUndefined()
    await bench.clock.advance(1)
    expect(bench.partition.take()).toBe(slot)
  })

  test('holds idempotent tasks until the log below the base is read, and drops those that ended there', async () => {
    const bench = new PartitionBench({ committed: 7 })
    const id = idOfKey('digest', '', 'order-1')
    const past = { taskId: id, key: null, life: 1, attempt: 1, origin: { ...TP, offset: 3 }, queuedAtMs: 0 }
    bench.finishedBelow = async () => [past]
    bench.deliver(taskRecord(7, { id, idempotencyKey: 'order-1' }), taskRecord(8))
    expect(takeAll(bench).map(({ record }) => record.offset)).toEqual([8])
    await settle()
    expect(bench.logReads).toEqual([7])
    const held = bench.partition.take() as TaskSlot
    expect(held.record.offset).toBe(7)
    expect(bench.partition.isRepeat(held)).toBe(true)
  })

  test('reads the log again when it could not be read, and never runs an idempotent task blind', async () => {
    const bench = new PartitionBench()
    let reads = 0
    bench.finishedBelow = async () => {
      reads += 1
      if (reads === 1) throw new Error('no broker')
      return []
    }
    bench.deliver(taskRecord(0, { idempotencyKey: 'k' }))
    expect(bench.partition.take()).toBeUndefined()
    await settle()
    expect(bench.partition.take()).toBeUndefined()
    await bench.clock.advance(1_000)
    await settle()
    expect(bench.partition.take()?.record.offset).toBe(0)
  })

  test.each(['before', 'while'])('once lost it asks for the log no more, lost %s a read of it fails', async (when) => {
    const bench = new PartitionBench()
    bench.finishedBelow = async () => await Promise.reject(new Error('closed'))
    bench.deliver(taskRecord(0, { idempotencyKey: 'k' }))
    takeAll(bench)
    if (when === 'while') await settle()
    bench.partition.lose()
    await settle()
    expect(bench.clock.pending).toBe(0)
    expect(bench.logReads).toHaveLength(1)
  })

  test('a key that is parked for a retry is not woken by the log being read', async () => {
    const bench = new PartitionBench()
    bench.deliver(taskRecord(0, { key: 'a' }), taskRecord(1, { key: 'a', idempotencyKey: 'k' }))
    bench.partition.park(bench.partition.take() as TaskSlot, 60_000)
    bench.deliver(taskRecord(2, { idempotencyKey: 'other' }))
    expect(bench.partition.take()).toBeUndefined()
    await settle()
    expect(takeAll(bench).map(({ record }) => record.offset)).toEqual([2])
  })

  test('refuses a tier batch at its first record that is not due, pauses, and resumes when it is', async () => {
    const bench = new PartitionBench({}, { tierMs: 5_000 })
    const now = bench.clock.nowMs()
    const verdict = bench.deliver(
      taskRecord(0, { timestampMs: now - 5_000 }),
      taskRecord(1, { timestampMs: now - 1_000 }),
    )
    expect(verdict).toEqual({ kind: 'refused', resumeAt: 1 })
    expect(bench.isPaused).toBe(true)
    expect(bench.admission.inFlight).toBe(1)
    await bench.clock.advance(3_999)
    expect(bench.isPaused).toBe(true)
    await bench.clock.advance(1)
    expect(bench.isPaused).toBe(false)
    expect(bench.deliver(taskRecord(1, { timestampMs: now - 1_000 }))).toEqual({ kind: 'taken' })
  })

  test('does not run what the note taken over calls finished', () => {
    const base = taskRecord(10)
    const unfinished = [{ offset: 10, attempts: 2, deliveries: 0, started: true }]
    const bench = new PartitionBench({ committed: 10, metadata: noteText(base, { end: 12, unfinished }), logEnd: 13 })
    bench.deliver(base, taskRecord(11), taskRecord(12))
    const slots = takeAll(bench)
    expect(slots.map(({ record, attempt }) => [record.offset, attempt])).toEqual([
      [10, 3],
      [12, 1],
    ])
  })

  test('takes nothing where the base is another record than the note speaks of: the topic was made anew', () => {
    const unfinished = [{ offset: 10, attempts: 2, deliveries: 0, started: true }]
    const bench = new PartitionBench({ committed: 10, metadata: noteText(taskRecord(10), { end: 12, unfinished }) })
    expect(bench.deliver(taskRecord(10), taskRecord(11), taskRecord(12))).toEqual({ kind: 'other-log' })
    expect(bench.partition.unfinishedCount).toBe(1)
    expect(takeAll(bench)).toEqual([])
  })

  test.each([
    ['where the log begins at the base', { logStart: 10 }, [10, 11, 12]],
    ['where the base record is gone', { logStart: 0 }, [11, 12]],
  ])('runs everything again without another look, %s', (_, assignment, offsets) => {
    const unfinished = [{ offset: 10, attempts: 2, deliveries: 0, started: true }]
    const metadata = noteText(taskRecord(10), { end: 12, unfinished })
    const bench = new PartitionBench({ committed: 10, metadata, ...assignment })
    expect(bench.deliver(...offsets.map((offset) => taskRecord(offset)))).toEqual({ kind: 'taken' })
    expect(takeAll(bench).map(({ record, attempt }) => [record.offset, attempt])).toEqual(
      offsets.map((offset) => [offset, 1]),
    )
  })

  test('fetches, starts and commits nothing while its history is looked up', () => {
    const bench = new PartitionBench({ committed: null, logEnd: 1 })
    bench.deliver(taskRecord(0))
    expect(bench.partition).toMatchObject({ isDirty: false, mayCommit: false, hasReady: false })
    bench.partition.begin()
    expect(bench.partition).toMatchObject({ isDirty: true, mayCommit: true, hasReady: false })
    bench.partition.commitEntry(1, false)
    bench.partition.commitConfirmed()
    expect(bench.partition.hasReady).toBe(true)
  })

  test('has its marker follow what finished while its base is pinned, until it is lost', async () => {
    const bench = new PartitionBench({ committed: 0 })
    bench.deliver(taskRecord(0), taskRecord(1), taskRecord(2))
    bench.partition.take()
    const finishNext = () => bench.partition.finish(bench.partition.take() as TaskSlot, true)
    const confirm = () => {
      bench.partition.commitEntry(1, false)
      bench.partition.commitConfirmed()
    }
    finishNext()
    confirm()
    bench.partition.commitEntry(1, false)
    finishNext() // not said by the commit that is confirmed
    bench.partition.commitConfirmed()
    await bench.clock.advance(600_000)
    expect(bench.rememberedAgain).toEqual([1])
    confirm()
    bench.partition.lose()
    await bench.clock.advance(600_000)
    expect(bench.rememberedAgain).toEqual([1])
  })

  test('has a finished task remembered once, and only when a commit that says so is confirmed', async () => {
    const bench = new PartitionBench()
    bench.deliver(taskRecord(0), taskRecord(1), taskRecord(2))
    const [first, second, third] = takeAll(bench) as [TaskSlot, TaskSlot, TaskSlot]
    bench.partition.commitEntry(1, false)
    bench.partition.finish(first, true)
    bench.partition.commitConfirmed()
    expect(bench.remembered).toEqual([])
    bench.onRemember = () => Promise.reject(new Error('no broker'))
    bench.partition.commitEntry(1, false)
    bench.partition.finish(second, true)
    bench.partition.commitConfirmed()
    await settle()
    bench.onRemember = async () => {}
    for (const slot of [third]) bench.partition.finish(slot, true)
    for (let commit = 0; commit < 2; commit += 1) {
      bench.partition.commitEntry(1, false)
      bench.partition.commitConfirmed()
      await settle()
    }
    expect(bench.remembered).toEqual([0, 2])
  })

  test('what the note taken over calls finished counts as the last finished record', () => {
    const base = taskRecord(10)
    const last = taskRecord(12)
    const unfinished = [{ offset: 10, attempts: 0, deliveries: 0, started: true }]
    const bench = new PartitionBench({ committed: 10, metadata: noteText(base, { end: 13, unfinished }), logEnd: 13 })
    bench.deliver(base, taskRecord(11), last)
    for (const slot of takeAll(bench)) bench.partition.finish(slot, true)
    const note = decodeCommitNote(bench.partition.commitEntry(1, true).metadata)
    expect(note).toMatchObject({ base: 13, hashIsBelowBase: true, hash: recordHash(last.key, last.value) })
  })

  test('goes on, and says so in its next commit, where the log now starts', () => {
    const bench = new PartitionBench({ committed: 0 })
    bench.partition.commitEntry(1, false)
    bench.partition.onDataLost(7)
    expect(bench.partition.isDirty).toBe(true)
    expect(bench.partition.commitEntry(1, false).next).toBe(7)
  })

  test('says that a task may have run only where an unclean owner may have started it', () => {
    const base = taskRecord(10)
    const records = [base, taskRecord(11), taskRecord(12), taskRecord(13)]
    const marks = (metadata: string) => {
      const bench = new PartitionBench({ committed: 10, metadata, logEnd: 13 })
      bench.deliver(...records)
      bench.partition.commitEntry(2, false)
      bench.partition.commitConfirmed()
      return takeAll(bench).map(({ mayHaveRun }) => mayHaveRun)
    }
    expect(marks(noteText(base))).toEqual([true, true, true, false])
    expect(marks(noteText(base, { clean: true }))).toEqual([false, false, false, false])
    const interrupted = [{ offset: 11, attempts: 0, deliveries: 0, started: true }]
    expect(marks(noteText(base, { clean: true, unfinished: interrupted }))).toEqual([false, true, false, false])
    expect(marks('written by something else')).toEqual([true, true, true, false])
  })

  test('where the note has no room for the task whose turn it is, only the one that pins the offset may start', () => {
    const bench = new PartitionBench()
    const far = 40_000
    bench.deliver(...Array.from({ length: far }, (_, offset) => taskRecord(offset, { key: 'hot' })))
    bench.deliver(taskRecord(far, { key: 'far' }))
    const offsets: (number | undefined)[] = []
    for (let turn = 0; turn < 3; turn += 1) {
      const pinning = bench.partition.take() as TaskSlot
      offsets.push(pinning.record.offset, bench.partition.take()?.record.offset)
      expect(bench.isPaused).toBe(true)
      bench.partition.finish(pinning, true)
      bench.partition.release(pinning)
    }
    expect(offsets).toEqual([0, undefined, 1, undefined, 2, undefined])
  })

  test('is not left clean while something is unfinished that an unclean owner before may have run', () => {
    const base = taskRecord(10)
    const isLeftClean = (finished: number, metadata = noteText(base)): boolean | undefined => {
      const bench = new PartitionBench({ committed: 10, metadata, logEnd: 12 })
      bench.deliver(base, taskRecord(11), taskRecord(12))
      for (const slot of takeAll(bench).slice(0, finished)) bench.partition.finish(slot, true)
      return decodeCommitNote(bench.partition.commitEntry(1, true).metadata)?.clean
    }
    expect([0, 1, 2, 3].map((finished) => isLeftClean(finished))).toEqual([false, false, true, true])
    expect(isLeftClean(0, noteText(base, { clean: true }))).toBe(true)
  })

  test('a lost partition interrupts what runs, drops its outcomes, frees its room and commits nothing', () => {
    const bench = new PartitionBench()
    bench.deliver(taskRecord(0), taskRecord(1))
    const slot = bench.partition.take() as TaskSlot
    let interruptedBy: string | undefined
    bench.partition.started(slot, {
      interrupt: (by) => {
        interruptedBy = by
      },
    })
    expect(bench.partition.guard()).toBe('send')
    expect(bench.partition.lose()).toBe(1)
    expect(interruptedBy).toBe('lost')
    expect(bench.partition.guard()).toBe('drop')
    expect(bench.partition.take()).toBeUndefined()
    expect(bench.partition.isDirty).toBe(false)
    expect(bench.admission.inFlight).toBe(0)
    bench.partition.finish(slot, true)
    bench.partition.release(slot)
    expect(bench.admission.inFlight).toBe(0)
  })

  test('holds outcomes while the proof of membership is too old', () => {
    const bench = new PartitionBench()
    bench.isTrusted = false
    expect(bench.partition.guard()).toBe('hold')
  })

  test('says clean only where nothing runs', () => {
    const bench = new PartitionBench()
    bench.deliver(taskRecord(0))
    const slot = bench.partition.take() as TaskSlot
    bench.partition.started(slot, running)
    expect(decodeCommitNote(bench.partition.commitEntry(1, true).metadata)?.clean).toBe(false)
    bench.partition.settled(slot)
    expect(decodeCommitNote(bench.partition.commitEntry(1, true).metadata)?.clean).toBe(true)
  })

  test('leaves no timer behind when it is lost', () => {
    const bench = new PartitionBench({}, { tierMs: 5_000 })
    const now = bench.clock.nowMs()
    bench.deliver(taskRecord(0, { timestampMs: now - 9_000 }), taskRecord(1, { timestampMs: now }))
    bench.partition.park(bench.partition.take() as TaskSlot, 60_000)
    expect(bench.clock.pending).toBe(2)
    bench.partition.lose()
    expect(bench.clock.pending).toBe(0)
  })
})
