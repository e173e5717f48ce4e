import { HEADER, partitionFor } from '@towline/contracts'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  type ReplayProgress,
  type ReplayResult,
  type RunReplayOptions,
  replayStatus,
  resumeReplay,
  runReplay,
  savePlan,
} from '../src/index.ts'
import { REPLAY, ReplayWorld, seededWorld, TASKS } from './replay-world.ts'

async function run(world: ReplayWorld, request = {}, options: RunReplayOptions = {}): Promise<ReplayResult> {
  const plan = await world.plan(request)
  return await world.clock.until(runReplay(plan, world.ports(), options))
}

test('sends every record of the range once, as a new task of the replay, where its key belongs', async () => {
  const world = seededWorld()
  const plan = await world.plan()
  const result = await world.clock.until(runReplay(plan, world.ports()))
  expect(result).toMatchObject({ end: 'finished', replayId: plan.replayId, records: 60, sent: 60, lost: 0 })
  expect(world.sentIds()).toEqual(world.expectedIds(plan))
  for (const record of world.cluster.records(REPLAY)) {
    expect(String(record.headers[HEADER.replay])).toBe(plan.replayId)
    expect(record.partition).toBe(partitionFor(record.key as Buffer, 3))
  }
})

test('keeps the order of every key', async () => {
  const world = seededWorld()
  await run(world)
  for (const key of ['key-0', 'key-1', 'key-2', 'key-3', 'key-4']) {
    const values = (topic: string): string[] =>
      world.cluster
        .records(topic)
        .filter((record) => String(record.key) === key)
        .map(({ value }) => String(value))
    expect(values(REPLAY)).toEqual(values(TASKS))
  }
})

test('sends exactly what the dry run counted, per partition, for any log and selection', async () => {
  const record = fc.record({
    partition: fc.nat(2),
    key: fc.constantFrom('a', 'b', null),
    gap: fc.constantFrom(0, 0, 1, 5),
    timestampMs: fc.nat(30),
  })
  await fc.assert(
    fc.asyncProperty(
      fc.array(record, { minLength: 1, maxLength: 50 }),
      fc.record({
        key: fc.option(fc.constantFrom('a', 'b'), { nil: undefined }),
        max: fc.option(fc.integer({ min: 1, max: 30 }), { nil: undefined }),
      }),
      fc.nat(3),
      async (records, request, trailingGap) => {
        const world = new ReplayWorld()
        world.cluster.append(TASKS, ...records)
        world.cluster.appendGap(TASKS, 0, trailingGap)
        const plan = await world.plan(request)
        const counts = await world.dryRun(plan)
        const result = await world.clock.until(runReplay(plan, world.ports()))
        expect(result).toMatchObject({ end: 'finished', records: counts.records })
        expect(world.sentIds()).toEqual(world.expectedIds(plan))
        const status = await replayStatus(plan, { admin: world.cluster.admin() })
        expect(status?.partitions.map(({ partition, records }) => [partition, records])).toEqual(
          counts.partitions.map(({ partition, records }) => [partition, records]),
        )
      },
    ),
    { numRuns: 50 },
  )
})

test('goes into the tasks themselves on request, and does not replay what it appends there', async () => {
  const world = seededWorld()
  const plan = await world.plan({ toTopic: TASKS })
  await world.clock.until(runReplay(plan, world.ports()))
  expect(world.cluster.records(TASKS)).toHaveLength(120)
  expect(world.cluster.records(REPLAY)).toHaveLength(0)
})

test('a replay of a replay names the replayed task as parent', async () => {
  const world = seededWorld(6)
  const first = await world.plan()
  await world.clock.until(runReplay(first, world.ports()))
  const second = await world.plan({ source: REPLAY, toTopic: TASKS })
  await world.clock.until(runReplay(second, world.ports()))
  const replayedTwice = world.cluster.records(TASKS).filter(({ headers }) => headers[HEADER.replay] !== undefined)
  expect(replayedTwice.map(({ headers }) => String(headers[HEADER.parent])).sort()).toEqual(world.sentIds(REPLAY))
})

describe('rate', () => {
  test('is kept within 5 % over a run, under any pace of the brokers that allows it', async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 5, max: 3_000 }), fc.nat(30), async (ratePerSecond, ackMs) => {
        const world = seededWorld(200)
        world.ackMs = ackMs
        const startMs = world.clock.nowMs()
        const { records } = await run(world, { ratePerSecond }, { checkpointIntervalMs: 50 })
        const sentAtMs = world.cluster.records(REPLAY).map(({ timestampMs }) => timestampMs)
        const lastMs = Math.max(...sentAtMs) - startMs
        const idealMs = ((records - 1) * 1_000) / ratePerSecond
        expect(lastMs).toBeGreaterThanOrEqual(idealMs * 0.95)
        expect(lastMs).toBeLessThanOrEqual(idealMs * 1.05 + 2 * ackMs + 2)
      }),
      { numRuns: 25 },
    )
  })

  test('can be changed for a resume', async () => {
    const world = seededWorld()
    const plan = await world.plan({ ratePerSecond: 1 })
    await savePlan(plan, world.ports())
    const startMs = world.clock.monotonicMs()
    await world.clock.until(resumeReplay(plan, world.ports(), { ratePerSecond: null }))
    expect(world.clock.monotonicMs() - startMs).toBeLessThan(1_000)
  })
})

describe('progress', () => {
  test('rises to the whole, with the total a dry run counted, its rate and the time left', async () => {
    const world = seededWorld()
    const told: ReplayProgress[] = []
    const options = { expectedRecords: 60, onProgress: (progress: ReplayProgress) => told.push(progress) }
    await run(world, { ratePerSecond: 20 }, options)
    expect(told.length).toBeGreaterThan(8)
    expect(told.map(({ records }) => records)).toEqual(told.map(({ records }) => records).toSorted((a, b) => a - b))
    const middle = told[Math.floor(told.length / 2)] as ReplayProgress
    expect(middle.totalRecords).toBe(60)
    expect(middle.recordsPerSecond).toBeGreaterThan(18)
    expect(middle.recordsPerSecond).toBeLessThan(23)
    expect(middle.etaMs).toBeGreaterThan(((60 - middle.records) / 20) * 1_000 * 0.85)
    expect(middle.etaMs).toBeLessThan(((60 - middle.records) / 20) * 1_000 * 1.15)
    expect(told.at(-1)).toMatchObject({ records: 60, offsets: 60, totalOffsets: 60, etaMs: 0 })
  })

  test('of a search that finds little goes by what was read', async () => {
    const world = new ReplayWorld(1)
    world.seed(100, (index) => ({ partition: 0, key: index === 99 ? 'wanted' : 'other' }))
    const told: ReplayProgress[] = []
    await run(world, { key: 'wanted' }, { onProgress: (progress) => told.push(progress) })
    expect(told.at(-1)).toMatchObject({ records: 1, totalRecords: null, offsets: 100, totalOffsets: 100 })
  })
})

test('a progress listener that throws fails the run with its error', async () => {
  const world = seededWorld()
  const onProgress = (): never => {
    throw new Error('the terminal is gone')
  }
  const running = runReplay(await world.plan({ ratePerSecond: 20 }), world.ports(), { onProgress })
  await expect(world.clock.until(running)).rejects.toThrow('the terminal is gone')
})
