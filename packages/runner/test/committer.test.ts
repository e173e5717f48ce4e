import { decodeCommitNote, ownerOf } from '@towline/contracts'
import type { CommitEntry, CommitResult } from '@towline/kafka'
import { settle } from '@towline/kafka/memory'
import { expect, test } from 'vitest'
import { Committer } from '../src/committer.ts'
import { PartitionBench, taskRecord } from './partition-bench.ts'

/** A committer over one partition, with a broker that answers what the test says. */
function benchOf(answer: () => Promise<CommitResult>) {
  const bench = new PartitionBench()
  const calls: { readonly atMs: number; readonly entries: readonly CommitEntry[] }[] = []
  let fetchAgeMs = 0
  const committer = new Committer({
    target: {
      commit: async (entries) => {
        calls.push({ atMs: bench.clock.monotonicMs(), entries })
        return await answer()
      },
      memberId: () => 'member-1',
      fetchAgeMs: () => fetchAgeMs,
    },
    clock: bench.clock,
    intervalMs: 100,
    sessionTimeoutMs: 6_000,
    partitions: () => [bench.partition],
    onResult: () => {},
  })
  return {
    ...bench,
    bench,
    calls,
    committer,
    setFetchAge: (ageMs: number) => {
      fetchAgeMs = ageMs
    },
  }
}

test('commits at once what turned dirty, then at most once an interval', async () => {
  const { bench, calls, committer } = benchOf(async () => 'confirmed')
  for (let offset = 0; offset < 5; offset += 1) {
    bench.deliver(taskRecord(offset))
    committer.wake()
    await bench.clock.advance(30)
  }
  await bench.clock.advance(500)
  expect(calls.map(({ atMs }) => atMs)).toEqual([0, 100, 200])
  expect(bench.partition.isDirty).toBe(false)
})

test('being woken with nothing to commit puts nothing off', async () => {
  const { bench, calls, committer } = benchOf(async () => 'confirmed')
  committer.wake()
  await bench.clock.advance(10)
  bench.deliver(taskRecord(0))
  committer.wake()
  await bench.clock.advance(0)
  expect(calls.map(({ atMs }) => atMs)).toEqual([10])
})

test('starts no second commit while one is in flight, however long it takes', async () => {
  const { promise, resolve } = Promise.withResolvers<CommitResult>()
  const { bench, calls, committer } = benchOf(() => promise)
  bench.deliver(taskRecord(0))
  committer.wake()
  await bench.clock.advance(50)
  bench.deliver(taskRecord(1))
  committer.wake()
  await bench.clock.advance(3_000)
  expect(calls).toHaveLength(1)
  resolve('confirmed')
  await bench.clock.advance(1)
  expect(calls).toHaveLength(2)
})

test('commits again what was not confirmed', async () => {
  const answers: CommitResult[] = ['unknown', 'fenced', 'confirmed']
  const { bench, calls, committer } = benchOf(async () => answers.shift() ?? 'confirmed')
  bench.deliver(taskRecord(0))
  committer.wake()
  await bench.clock.advance(1_000)
  expect(calls).toHaveLength(3)
  expect(bench.partition.isDirty).toBe(false)
})

test('stops committing when nothing was fetched for a session: a commit would hide a dead fetch loop', async () => {
  const { bench, calls, committer, setFetchAge } = benchOf(async () => 'confirmed')
  setFetchAge(6_000)
  bench.deliver(taskRecord(0))
  committer.wake()
  await bench.clock.advance(1_000)
  expect(calls).toHaveLength(0)
  setFetchAge(10)
  await bench.clock.advance(200)
  expect(calls).toHaveLength(1)
})

test('the last commit of a drain covers every partition, says clean, and is the last', async () => {
  const { bench, calls, committer } = benchOf(async () => 'confirmed')
  bench.deliver(taskRecord(0))
  expect(await committer.finish()).toBe('confirmed')
  const note = decodeCommitNote(calls[0]?.entries[0]?.metadata ?? '')
  expect(note).toMatchObject({ clean: true, base: 0, owner: ownerOf('member-1') })
  bench.deliver(taskRecord(1))
  committer.wake()
  await bench.clock.advance(1_000)
  await settle()
  expect(calls).toHaveLength(1)
})
