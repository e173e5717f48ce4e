import { isTowlineError, taskIdTimeMs } from '@towline/contracts'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { parseRangeBounds, type ReplayRequest } from '../src/index.ts'
import { REPLAY, ReplayWorld, TASKS } from './replay-world.ts'

function seededWorld(count = 30): ReplayWorld {
  const world = new ReplayWorld()
  world.seed(count, (index) => ({ partition: index % 3, key: `key-${index % 4}` }))
  return world
}

test('pins the log ends of the moment it was made', async () => {
  const world = seededWorld()
  const plan = await world.plan()
  world.cluster.append(TASKS, { partition: 0 })
  expect(plan.partitions).toEqual([0, 1, 2].map((partition) => ({ partition, from: 0, to: 10 })))
  expect((await world.dryRun(plan)).records).toBe(30)
})

test('says what it was asked for, by whom, and is dated by its id', async () => {
  const world = seededWorld()
  const plan = await world.plan({ key: 'key-1', ratePerSecond: 2.5, by: 'ops@example.org', reason: 'incident 42' })
  expect(plan).toMatchObject({
    agentType: 'digest',
    namespace: undefined,
    source: TASKS,
    target: REPLAY,
    key: Buffer.from('key-1'),
    max: null,
    ratePerSecond: 2.5,
    createdAtMs: world.clock.nowMs(),
    by: 'ops@example.org',
    reason: 'incident 42',
  })
  expect(taskIdTimeMs(plan.replayId)).toBe(world.clock.nowMs())
})

test('a range by time holds the records of that time', async () => {
  const world = seededWorld()
  const iso = (afterMs: number): string => new Date(1_600_000_000_000 + afterMs).toISOString()
  const plan = await world.plan({
    from: parseRangeBounds(iso(9), '--from'),
    to: parseRangeBounds(iso(21), '--to'),
  })
  expect(
    world
      .covered(plan)
      .map(({ timestampMs }) => timestampMs - 1_600_000_000_000)
      .sort((a, b) => a - b),
  ).toEqual([9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20])
})

test('what retention deleted of an offset range is said, and the rest is planned', async () => {
  const world = seededWorld()
  world.cluster.deleteBelow(TASKS, 1, 4)
  const { plan, clipped } = await world.planned({ from: parseRangeBounds('0', '--from') })
  expect(clipped).toEqual([{ partition: 1, logStart: 4, lost: 4 }])
  expect(plan.partitions[1]).toEqual({ partition: 1, from: 4, to: 10 })
})

describe('max', () => {
  test('takes the earliest across partitions, and is part of the range', async () => {
    const world = seededWorld()
    const plan = await world.plan({ max: 7 })
    expect(plan.max).toBe(7)
    expect(plan.partitions).toEqual([
      { partition: 0, from: 0, to: 3 },
      { partition: 1, from: 0, to: 2 },
      { partition: 2, from: 0, to: 2 },
    ])
  })

  test('drops partitions that have none of them', async () => {
    const world = new ReplayWorld()
    world.seed(20, (index) => ({ partition: index < 10 ? 2 : 0 }))
    expect((await world.plan({ max: 3 })).partitions).toEqual([{ partition: 2, from: 0, to: 3 }])
  })

  test('covers exactly so many matches, or all there are, for any log and key', async () => {
    const record = fc.record({
      partition: fc.nat(2),
      key: fc.constantFrom('a', 'b'),
      gap: fc.nat(2),
      timestampMs: fc.nat(20),
    })
    await fc.assert(
      fc.asyncProperty(
        fc.array(record, { minLength: 1, maxLength: 40 }),
        fc.integer({ min: 1, max: 45 }),
        fc.option(fc.constantFrom('a', 'b'), { nil: undefined }),
        async (records, max, key) => {
          const world = new ReplayWorld()
          world.cluster.append(TASKS, ...records)
          const all = world.covered(await world.plan({ key })).length
          const plan = await world.plan({ key, max })
          expect(world.covered(plan)).toHaveLength(Math.min(max, all))
          expect((await world.dryRun(plan)).records).toBe(Math.min(max, all))
        },
      ),
      { numRuns: 60 },
    )
  })
})

describe('a request that cannot be meant is refused with a typed error', () => {
  const requests: [string, Partial<ReplayRequest>, string][] = [
    ['without any selection', { all: false }, 'TOWLINE_FILTER_REQUIRED'],
    ['with an agent name that is none', { agentType: 'Digest' }, 'TOWLINE_NAME_INVALID'],
    ['of dead letters', { source: 'digest.dlq' }, 'TOWLINE_REPLAY_INVALID'],
    ['of another agent', { source: 'other.tasks' }, 'TOWLINE_REPLAY_INVALID'],
    ['into dead letters', { toTopic: 'digest.dlq' }, 'TOWLINE_REPLAY_INVALID'],
    ['into results', { toTopic: 'digest.results' }, 'TOWLINE_REPLAY_INVALID'],
    ['into a retry tier', { toTopic: 'digest.retry.5s' }, 'TOWLINE_REPLAY_INVALID'],
    ['into control', { toTopic: 'towline.control' }, 'TOWLINE_REPLAY_INVALID'],
    ['into a topic that does not exist', { toTopic: 'elsewhere' }, 'TOWLINE_TOPIC_MISSING'],
    ['of an agent without topics', { agentType: 'nobody', toTopic: REPLAY }, 'TOWLINE_TOPIC_MISSING'],
    ['with max 0', { max: 0 }, 'TOWLINE_REPLAY_INVALID'],
    ['with max 1.5', { max: 1.5 }, 'TOWLINE_REPLAY_INVALID'],
    ['with rate 0', { ratePerSecond: 0 }, 'TOWLINE_REPLAY_INVALID'],
    ['with a rate that is no number', { ratePerSecond: Number.NaN }, 'TOWLINE_REPLAY_INVALID'],
    ['with a rate beyond any broker', { ratePerSecond: 2_000_000 }, 'TOWLINE_REPLAY_INVALID'],
    ['with a key beyond the checkpoint', { key: 'k'.repeat(1_025) }, 'TOWLINE_REPLAY_INVALID'],
    ['by nobody', { by: '' }, 'TOWLINE_REPLAY_INVALID'],
    ['with a reason beyond the checkpoint', { reason: 'r'.repeat(513) }, 'TOWLINE_REPLAY_INVALID'],
    [
      'with a reason that JSON makes too long',
      { reason: '\u0001'.repeat(512), key: 'k'.repeat(1_024) },
      'TOWLINE_REPLAY_INVALID',
    ],
    ['of no partition', { partitions: [] }, 'TOWLINE_REPLAY_INVALID'],
    ['of a partition there is not', { partitions: [3] }, 'TOWLINE_REPLAY_INVALID'],
    ['of an empty range', { from: parseRangeBounds('10', '--from') }, 'TOWLINE_REPLAY_INVALID'],
  ]
  test.each(requests)('%s', async (_, request, code) => {
    const error: unknown = await seededWorld()
      .plan(request)
      .catch((thrown: unknown) => thrown)
    expect(isTowlineError(error) ? error.code : error).toBe(code)
  })

  test('of an empty topic', async () => {
    await expect(new ReplayWorld().plan()).rejects.toMatchObject({ code: 'TOWLINE_REPLAY_INVALID' })
  })
})

test.each(['digest.tasks', 'digest.replay', 'elsewhere'])('may write to %s', async (toTopic) => {
  const world = seededWorld()
  world.cluster.create('elsewhere', 1)
  expect((await world.plan({ toTopic })).target).toBe(toTopic)
})

test('a namespace goes before every name', async () => {
  const world = new ReplayWorld()
  for (const topic of ['prod.digest.tasks', 'prod.digest.replay']) world.cluster.create(topic, 1)
  world.cluster.append('prod.digest.tasks', { partition: 0 })
  expect(await world.plan({ namespace: 'prod' })).toMatchObject({
    namespace: 'prod',
    source: 'prod.digest.tasks',
    target: 'prod.digest.replay',
  })
})
