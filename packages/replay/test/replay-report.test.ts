import { avroCodec, type SchemaSource, TaskResult } from '@towline/contracts'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { DurationHistogram } from '../src/duration-histogram.ts'
import { replayReport, runReplay } from '../src/index.ts'
import { ReplayWorld } from './replay-world.ts'

const RESULTS = 'digest.results'
const REPLAY_ID = '018bcfe5-6800-7000-8000-000000000001' // of the moment the virtual clock starts at
const OTHER_ID = '018bcfe5-6800-7000-8000-000000000002'

const schemas: SchemaSource = {
  schemaOf: async (id) => (id === 1 ? TaskResult.text : null),
  idOf: async () => 1,
}
const codec = avroCodec(TaskResult, schemas)

function taskId(number: number): string {
  return `018bcfe5-6800-7000-9000-${String(number).padStart(12, '0')}`
}

function result(fields: Partial<TaskResult>): TaskResult {
  return {
    taskId: taskId(0),
    life: 1,
    end: 'succeeded',
    reason: null,
    attempts: 1,
    mayHaveRun: false,
    runnerId: 'runner-1',
    origin: { topic: 'digest.replay', partition: 0, offset: 0 },
    queuedAt: 1_700_000_000_000,
    startedAt: 1_700_000_001_000,
    finishedAt: 1_700_000_001_200,
    failure: null,
    parent: null,
    replayId: REPLAY_ID,
    output: null,
    ...fields,
  }
}

const failed = {
  end: 'dead-lettered',
  reason: 'terminal',
  failure: { code: 'GONE', message: 'no such page', stack: null, atMs: 1_700_000_001_200, attempt: 1 },
}

/** Results in the partition of their task, as runners write them. */
async function reportOf(...results: readonly TaskResult[]): Promise<Awaited<ReturnType<typeof replayReport>>> {
  const world = new ReplayWorld()
  world.cluster.create(RESULTS, 4)
  world.cluster.append(
    RESULTS,
    ...results.map((value) => ({
      partition: Number(value.taskId.slice(-4)) % 4,
      key: value.taskId,
      value: codec.encode(value, 1),
    })),
  )
  return await replayReport({ replayId: REPLAY_ID, agentType: 'digest' }, reportPorts(world))
}

function reportPorts(world: ReplayWorld): Parameters<typeof replayReport>[1] {
  return { admin: world.cluster.admin(), reader: world.cluster.reader(), schemas }
}

test('counts ends by kind, of this replay only', async () => {
  const report = await reportOf(
    result({ taskId: taskId(1) }),
    result({ taskId: taskId(2) }),
    result({ taskId: taskId(3), ...failed }),
    result({ taskId: taskId(4), end: 'expired', startedAt: null }),
    result({ taskId: taskId(5), end: 'cancelled', mayHaveRun: true }),
    result({ taskId: taskId(6), end: 'paused-for-ever' }),
    result({ taskId: taskId(7), replayId: OTHER_ID }),
    result({ taskId: taskId(8), replayId: null }),
  )
  expect(report).toMatchObject({
    replayId: REPLAY_ID,
    ended: 6,
    ends: { succeeded: 2, 'dead-lettered': 1, expired: 1, cancelled: 1 },
    otherEnds: 1,
    mayHaveRun: 1,
    repeatedEnds: 0,
    unreadable: 0,
  })
})

test('the first end of a life counts; later ones are ignored and counted', async () => {
  const report = await reportOf(result({ ...failed }), result({}), result({}))
  expect(report).toMatchObject({ ended: 1, ends: { 'dead-lettered': 1, succeeded: 0 }, repeatedEnds: 2 })
})

test('a task that was redriven counts by its latest life', async () => {
  const report = await reportOf(result({ ...failed }), result({ life: 2 }), result({ ...failed }))
  expect(report).toMatchObject({ ended: 1, ends: { succeeded: 1, 'dead-lettered': 0 }, repeatedEnds: 1, failures: [] })
})

test('groups failures by code, most frequent first, with the ids of the first few', async () => {
  const report = await reportOf(
    ...Array.from({ length: 14 }, (_, index) => result({ taskId: taskId(index), ...failed })),
    result({ taskId: taskId(50), ...failed, failure: { ...failed.failure, code: 'ODD' } }),
    result({ taskId: taskId(51), end: 'dead-lettered', reason: 'undecodable' }),
  )
  expect(report.failures.map(({ code, count }) => [code, count])).toEqual([
    ['GONE', 14],
    ['ODD', 1],
    ['undecodable', 1],
  ])
  expect(report.failures[0]).toMatchObject({ message: 'no such page' })
  expect(report.failures[0]?.taskIds).toHaveLength(10)
})

test('says how long the runs and the whole courses took, and when', async () => {
  const report = await reportOf(
    result({ taskId: taskId(1) }),
    result({ taskId: taskId(2), finishedAt: 1_700_000_002_000 }),
    result({ taskId: taskId(3), startedAt: null, end: 'expired', finishedAt: 1_700_000_000_500 }),
  )
  expect(report.runs).toMatchObject({ count: 2, minMs: 200, maxMs: 1_000, meanMs: 600 })
  expect(report.courses).toMatchObject({ count: 3, minMs: 500, maxMs: 2_000 })
  expect(report).toMatchObject({ firstFinishedAtMs: 1_700_000_000_500, lastFinishedAtMs: 1_700_000_002_000 })
})

test('a replay without results is a report of nothing', async () => {
  expect(await reportOf()).toMatchObject({
    ended: 0,
    state: null,
    records: null,
    open: null,
    runs: null,
    courses: null,
  })
})

test('results that cannot be read are counted, not passed over in silence', async () => {
  const world = new ReplayWorld()
  world.cluster.create(RESULTS, 1)
  const unknownSchema = codec.encode(result({}), 9)
  world.cluster.append(RESULTS, { partition: 0, value: 'not avro' }, { partition: 0, value: unknownSchema })
  expect(await replayReport({ replayId: REPLAY_ID, agentType: 'digest' }, reportPorts(world))).toMatchObject({
    ended: 0,
    unreadable: 2,
  })
})

describe('beside its checkpoint', () => {
  test('tells how many tasks were sent and have not ended', async () => {
    const world = new ReplayWorld()
    world.cluster.create(RESULTS, 1)
    world.seed(5, () => ({ partition: 0 }))
    const plan = await world.plan()
    await world.clock.until(runReplay(plan, world.ports()))
    const [first, second] = world.sentIds()
    for (const ended of [first, second]) {
      const value = codec.encode(result({ taskId: ended ?? '', replayId: plan.replayId }), 1)
      world.cluster.append(RESULTS, { partition: 0, key: ended ?? null, value })
    }
    expect(await replayReport(plan, reportPorts(world))).toMatchObject({
      state: 'finished',
      records: 5,
      ended: 2,
      open: 3,
    })
  })

  test('reads the results of the agent it was sent to', async () => {
    const world = new ReplayWorld()
    world.seed(1, () => ({ partition: 0 }))
    for (const topic of ['other.tasks', 'other.results']) world.cluster.create(topic, 1)
    const plan = await world.plan({ toTopic: 'other.tasks' })
    await world.clock.until(runReplay(plan, world.ports()))
    const value = codec.encode(result({ replayId: plan.replayId }), 1)
    world.cluster.append('other.results', { partition: 0, value })
    expect(await replayReport(plan, reportPorts(world))).toMatchObject({ ended: 1, open: 0 })
  })

  test('of a replay into a topic that is no agent’s says that there are no results', async () => {
    const world = new ReplayWorld()
    world.seed(1, () => ({ partition: 0 }))
    world.cluster.create('elsewhere', 1)
    const plan = await world.plan({ toTopic: 'elsewhere' })
    await world.clock.until(runReplay(plan, world.ports()))
    await expect(replayReport(plan, reportPorts(world))).rejects.toMatchObject({ code: 'TOWLINE_REPLAY_INVALID' })
  })
})

test('percentiles are within 5 % of the exact ones, and never outside what was measured', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(10_000_000), { minLength: 1, maxLength: 300 }), (durations) => {
      const histogram = new DurationHistogram()
      for (const durationMs of durations) histogram.add(durationMs)
      const ordered = durations.toSorted((a, b) => a - b)
      const summary = histogram.summary()
      const exact = (share: number): number => ordered[Math.ceil(ordered.length * share) - 1] ?? 0
      for (const [told, wanted] of [
        [summary?.p50Ms, exact(0.5)],
        [summary?.p95Ms, exact(0.95)],
        [summary?.p99Ms, exact(0.99)],
      ] as const) {
        expect(told).toBeGreaterThanOrEqual(wanted * 0.95 - 1)
        expect(told).toBeLessThanOrEqual(wanted * 1.05 + 1)
      }
      expect(summary).toMatchObject({ minMs: ordered[0], maxMs: ordered.at(-1) })
    }),
  )
})
