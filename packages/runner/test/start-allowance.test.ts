import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { TaskSlot } from '../src/task-slot.ts'
import { noteText, PartitionBench, taskRecord } from './partition-bench.ts'

const IN_FLIGHT = 3
const RECORDS = Array.from({ length: 300 }, (_, offset) => taskRecord(offset))
const FIRST = RECORDS[0] ?? taskRecord(0)
const UNCLEAN = { committed: 0, metadata: noteText(FIRST), logEnd: RECORDS.length }
const running = { interrupt: () => {} }

/** An owner that takes in, starts, finishes and commits as it is told, until its process dies. */
class Owner {
  readonly started = new Set<number>()
  /** What its last confirmed commit says. */
  committed: Pick<typeof UNCLEAN, 'committed' | 'metadata'> = UNCLEAN
  readonly #partition = new PartitionBench(UNCLEAN, { maxInFlight: IN_FLIGHT }).partition
  readonly #running: TaskSlot[] = []
  #delivered = 0

  takeIn(): void {
    const records = RECORDS.slice(this.#delivered, this.#delivered + IN_FLIGHT - this.#partition.unfinishedCount)
    this.#delivered += records.length
    this.#partition.onRecords(records, this.#delivered)
  }

  start(): void {
    const slot = this.#partition.take()
    if (slot === undefined) return
    this.#partition.started(slot, running)
    this.#running.push(slot)
    this.started.add(slot.record.offset)
  }

  finish(which: number): void {
    const [slot] = this.#running.splice(which % Math.max(1, this.#running.length), 1)
    if (slot === undefined) return
    this.#partition.settled(slot)
    this.#partition.finish(slot, true)
    this.#partition.release(slot)
  }

  commit(): void {
    const { next, metadata } = this.#partition.commitEntry(1, false)
    this.#partition.commitConfirmed()
    this.committed = { committed: next, metadata }
  }
}

/** Every task the next owner finds, with whether it suspects it. */
function suspicions(committed: Owner['committed']): ReadonlyMap<number, boolean> {
  const next = new PartitionBench({ ...UNCLEAN, ...committed }, { maxInFlight: IN_FLIGHT })
  next.deliver(...RECORDS.slice(committed.committed))
  const found = new Map<number, boolean>()
  for (let slot = next.partition.take(); slot !== undefined; slot = next.partition.take()) {
    found.set(slot.record.offset, slot.mayHaveRun)
  }
  return found
}

test('however long no commit is confirmed, whoever takes over suspects every task that may have run', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(99), { minLength: 50, maxLength: 800 }), (course) => {
      const owner = new Owner()
      for (const number of course) {
        owner.takeIn()
        if (number < 2) owner.commit()
        else if (number < 50) owner.start()
        else owner.finish(number)
      }
      const suspected = suspicions(owner.committed)
      for (const offset of owner.started) expect(suspected.get(offset) ?? true).toBe(true)
    }),
  )
})

test('starts go on when a commit is confirmed, and are told that they may', () => {
  const bench = new PartitionBench(UNCLEAN, { maxInFlight: IN_FLIGHT })
  let delivered = 0
  const runOne = (): boolean => {
    const record = RECORDS[delivered]
    if (record === undefined) return false
    bench.partition.onRecords([record], delivered + 1)
    delivered += 1
    const slot = bench.partition.take()
    if (slot === undefined) return false
    bench.partition.started(slot, running)
    bench.partition.settled(slot)
    bench.partition.finish(slot, true)
    bench.partition.release(slot)
    return true
  }
  while (runOne()) {}
  expect(delivered).toBeLessThan(RECORDS.length)
  expect(bench.partition).toMatchObject({ isDirty: true, hasReady: false })
  bench.partition.commitEntry(1, false)
  const before = bench.readyCount
  bench.partition.commitConfirmed()
  expect(bench.readyCount).toBe(before + 1)
  expect(runOne()).toBe(true)
})

test('one that overtook all the fetch it came with is suspected too, however small maxInFlight', () => {
  const count = 24_000 // as many as a commit note has room for
  const hot = Array.from({ length: count - 1 }, (_, offset) => taskRecord(offset, { key: 'hot' }))
  const records = [...hot, taskRecord(count - 1)]
  const unclean = { committed: 0, metadata: noteText(records[0] ?? FIRST), logEnd: count }
  const owner = new PartitionBench(unclean, { maxInFlight: IN_FLIGHT })
  owner.deliver(...records)
  const started = [owner.partition.take()?.record.offset, owner.partition.take()?.record.offset]
  expect(started).toEqual([0, count - 1])
  const next = new PartitionBench(unclean, { maxInFlight: IN_FLIGHT })
  next.deliver(...records)
  expect([next.partition.take()?.mayHaveRun, next.partition.take()?.mayHaveRun]).toEqual([true, true])
})
