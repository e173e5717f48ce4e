import { describe, expect, test } from 'vitest'
import { parseRangeBounds, replayStatus, resumeReplay, runReplay } from '../src/index.ts'
import { seededWorld, TASKS } from './replay-world.ts'

describe('when retention took part of the range since the plan', () => {
  test('the run fails before it sends anything, and says which offsets are gone', async () => {
    const world = seededWorld()
    const plan = await world.plan({ from: parseRangeBounds('2', '--from') })
    const [range] = plan.partitions
    world.cluster.deleteBelow(TASKS, range?.partition ?? 0, 6)
    await expect(world.clock.until(runReplay(plan, world.ports()))).rejects.toMatchObject({
      code: 'TOWLINE_OFFSET_OUT_OF_RANGE',
      losses: [{ partition: range?.partition, from: 2, to: 6 }],
    })
    expect(world.sentIds()).toEqual([])
    const resumed = await world.clock.until(resumeReplay(plan, world.ports(), { skipLost: true }))
    expect(resumed).toMatchObject({ end: 'finished', lost: 4 })
    expect(world.sentIds()).toEqual(world.expectedIds(plan))
  })

  test('skipLost goes on with what is left, and the loss stays on record', async () => {
    const world = seededWorld()
    const plan = await world.plan()
    world.cluster.deleteBelow(TASKS, 0, 4)
    const result = await world.clock.until(runReplay(plan, world.ports(), { skipLost: true }))
    expect(result).toMatchObject({ end: 'finished', lost: 4 })
    expect(world.sentIds()).toEqual(world.expectedIds(plan))
    expect(await replayStatus(plan, { admin: world.cluster.admin() })).toMatchObject({ state: 'finished', lost: 4 })
  })

  test('while it runs, what was sent stands, the rest is told, and skipLost goes on from there', async () => {
    const world = seededWorld(120)
    const plan = await world.plan({ ratePerSecond: 20 })
    world.clock.after(1_000, () => world.cluster.deleteBelow(TASKS, 1, 20))
    const failed: unknown = await world.clock.until(runReplay(plan, world.ports())).catch((thrown: unknown) => thrown)
    expect(failed).toMatchObject({ code: 'TOWLINE_OFFSET_OUT_OF_RANGE', losses: [{ partition: 1, to: 20 }] })
    const resumed = await world.clock.until(resumeReplay(plan, world.ports(), { ratePerSecond: null, skipLost: true }))
    expect(resumed.end).toBe('finished')
    expect(resumed.records + resumed.lost).toBe(120)
    expect(new Set(world.sentIds()).size).toBe(world.sentIds().length)
    expect(world.sentIds()).toHaveLength(resumed.records)
  })

  test('a log that ends before its planned range is another log, and skipLost does not help', async () => {
    const world = seededWorld()
    const plan = await world.plan()
    world.cluster.create(TASKS, 3)
    await expect(world.clock.until(runReplay(plan, world.ports(), { skipLost: true }))).rejects.toMatchObject({
      code: 'TOWLINE_OFFSET_OUT_OF_RANGE',
      message: expect.stringContaining('not the log that was planned'),
    })
    expect(world.sentIds()).toEqual([])
  })
})
