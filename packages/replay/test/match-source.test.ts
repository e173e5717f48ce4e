import fc from 'fast-check'
import { expect, test } from 'vitest'
import { type Match, MatchSource } from '../src/match-source.ts'
import type { ReplayPlan } from '../src/replay-plan.ts'
import { ReplayWorld, TASKS } from './replay-world.ts'

async function takeAll(source: MatchSource): Promise<Match[]> {
  const taken: Match[] = []
  while (await source.ready()) {
    for (let match = source.take(); match !== undefined; match = source.take()) taken.push(match)
  }
  return taken
}

const seeds = fc.array(
  fc.record({
    partition: fc.nat(2),
    key: fc.constantFrom('a', 'b', null),
    gap: fc.constantFrom(0, 0, 0, 1, 4),
    timestampMs: fc.nat(50),
  }),
  { maxLength: 60 },
)

test('gives every record of the ranges that has the key, once, whatever the gaps and batches', async () => {
  await fc.assert(
    fc.asyncProperty(
      seeds,
      fc.constantFrom('a', null),
      fc.integer({ min: 1, max: 9 }),
      fc.array(fc.tuple(fc.nat(20), fc.nat(40)), { minLength: 3, maxLength: 3 }),
      async (records, key, batchRecords, spans) => {
        const world = new ReplayWorld()
        world.cluster.batchRecords = batchRecords
        world.cluster.append(TASKS, ...records)
        const partitions = spans.map(([from, length], partition) => ({ partition, from, to: from + length }))
        for (const { partition, to } of partitions) world.cluster.appendGap(TASKS, partition, to)
        const query = { source: TASKS, partitions, key: key === null ? null : Buffer.from(key) }
        const taken = await takeAll(new MatchSource(world.cluster.reader(), query))
        const place = ({ partition, offset }: { partition: number; offset: number }): string => `${partition}/${offset}`
        expect(taken.map(({ partition, record }) => place({ partition, offset: record.offset })).sort()).toEqual(
          world
            .covered({ ...query } as unknown as ReplayPlan)
            .map(place)
            .sort(),
        )
        for (const { partition } of partitions) {
          const offsets = taken.filter((match) => match.partition === partition).map(({ record }) => record.offset)
          expect(offsets).toEqual(offsets.toSorted((a, b) => a - b))
        }
      },
    ),
    { numRuns: 60 },
  )
})

test('goes by time across partitions where timestamps rise, however unevenly they are filled', async () => {
  const world = new ReplayWorld()
  world.cluster.batchRecords = 2
  world.seed(50, (index) => ({ partition: index % 10 === 0 ? 0 : index % 10 < 4 ? 1 : 2 }))
  const { plan } = await world.planned()
  const taken = await takeAll(new MatchSource(world.cluster.reader(), plan))
  const times = taken.map(({ record }) => record.timestampMs)
  expect(times).toHaveLength(50)
  expect(times).toEqual(times.toSorted((a, b) => a - b))
})

test('a position is never beyond a match that was not taken, and ends at the end of its range', async () => {
  const world = new ReplayWorld()
  world.seed(40, (index) => ({ partition: index % 3, key: index % 5 === 0 ? 'wanted' : 'other', gap: index % 4 }))
  world.cluster.appendGap(TASKS, 1, 5)
  const { plan } = await world.planned({ key: 'wanted' })
  const source = new MatchSource(world.cluster.reader(), plan)
  const untaken = world.covered(plan).map(({ partition, offset }) => ({ partition, offset }))
  while (await source.ready()) {
    for (let match = source.take(); match !== undefined; match = source.take()) {
      const taken = untaken.findIndex(
        (left) => left.partition === match?.partition && left.offset === match.record.offset,
      )
      untaken.splice(taken, 1)
      for (const [partition, position] of source.positions()) {
        const first = untaken.find((left) => left.partition === partition)
        expect(position).toBeLessThanOrEqual(first?.offset ?? Number.POSITIVE_INFINITY)
      }
    }
  }
  expect(new Map(source.positions())).toEqual(new Map(plan.partitions.map(({ partition, to }) => [partition, to])))
})

test('an aborted read ends without claiming that it came to the end', async () => {
  const world = new ReplayWorld(1)
  world.seed(40, () => ({ partition: 0 }))
  const { plan } = await world.planned()
  const abort = new AbortController()
  const source = new MatchSource(world.cluster.reader(), plan, { signal: abort.signal })
  expect(await source.ready()).toBe(true)
  for (let taken = 0; taken < world.cluster.batchRecords; taken += 1) source.take()
  const waiting = source.ready()
  abort.abort()
  expect(await waiting).toBe(false)
  expect(await source.ready()).toBe(false)
  expect(new Map(source.positions())).toEqual(new Map([[0, world.cluster.batchRecords]]))
})

test('an abort ends it even where matches were read already', async () => {
  const world = new ReplayWorld(1)
  world.seed(5, () => ({ partition: 0 }))
  const { plan } = await world.planned()
  const abort = new AbortController()
  const source = new MatchSource(world.cluster.reader(), plan, { signal: abort.signal })
  expect(await source.ready()).toBe(true)
  abort.abort()
  expect(await source.ready()).toBe(false)
})
