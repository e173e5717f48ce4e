import { describe, expect, test } from 'vitest'
import { abortReplay, replayStatus, resumeReplay, runReplay } from '../src/index.ts'
import { seededWorld, TASKS } from './replay-world.ts'

describe('a stop', () => {
  test('by the signal ends at a checkpoint, and a resume sends only the rest', async () => {
    const world = seededWorld()
    const plan = await world.plan({ ratePerSecond: 20 })
    const abort = new AbortController()
    world.clock.after(1_000, () => abort.abort())
    const stopped = await world.clock.until(runReplay(plan, world.ports(), { signal: abort.signal }))
    expect(stopped.end).toBe('stopped')
    expect(stopped.records).toBeGreaterThan(15)
    expect(stopped.records).toBeLessThan(25)
    const status = await replayStatus(plan, { admin: world.cluster.admin() })
    expect(status).toMatchObject({ state: 'started', records: stopped.records })
    const ref = { replayId: plan.replayId, agentType: 'digest' }
    const resumed = await world.clock.until(resumeReplay(ref, world.ports()))
    expect(resumed).toMatchObject({ end: 'finished', records: 60, sent: 60 - stopped.records })
    expect(world.sentIds()).toEqual(world.expectedIds(plan))
  })

  test('before the first record sends nothing', async () => {
    const world = seededWorld()
    const running = runReplay(await world.plan(), world.ports(), { signal: AbortSignal.abort() })
    const result = await world.clock.until(running)
    expect(result).toMatchObject({ end: 'stopped', records: 0 })
    expect(world.sentIds()).toEqual([])
  })

  test('by an abort from elsewhere ends within two seconds, and does not bring the checkpoint back', async () => {
    const world = seededWorld()
    const plan = await world.plan({ ratePerSecond: 10 })
    let abortedAtMs = 0
    let aborted: Promise<unknown> = Promise.resolve()
    world.clock.after(2_000, () => {
      abortedAtMs = world.clock.monotonicMs()
      aborted = abortReplay(plan, { admin: world.cluster.admin(), clock: world.clock })
    })
    const result = await world.clock.until(runReplay(plan, world.ports()))
    expect(result.end).toBe('aborted')
    expect(world.clock.monotonicMs() - abortedAtMs).toBeLessThan(2_000)
    expect(await world.clock.until(aborted)).toMatchObject({ state: 'started', plan })
    expect(await replayStatus(plan, { admin: world.cluster.admin() })).toBeNull()
    await expect(resumeReplay(plan, world.ports())).rejects.toMatchObject({ code: 'TOWLINE_REPLAY_NOT_FOUND' })
  })
})

describe('a finished replay', () => {
  test('says so in its group, with every partition at the end of its range', async () => {
    const world = seededWorld()
    const plan = await world.plan()
    await world.clock.until(runReplay(plan, world.ports()))
    const group = world.cluster.committed(`towline.replay.${plan.replayId}`)
    for (const { partition, to } of plan.partitions) {
      const committed = group.get(`${TASKS}/${partition}`)
      expect(committed?.next).toBe(to)
      expect(JSON.parse(committed?.metadata ?? '')).toMatchObject({ v: 1, state: 'finished' })
    }
    expect(group.size).toBe(plan.partitions.length)
  })

  test('sends nothing when it is run or resumed again', async () => {
    const world = seededWorld()
    const plan = await world.plan()
    await world.clock.until(runReplay(plan, world.ports()))
    const before = await replayStatus(plan, { admin: world.cluster.admin() })
    world.clock.jump(5_000)
    expect(await runReplay(plan, world.ports())).toMatchObject({ end: 'finished', records: 60, sent: 0 })
    expect(await replayStatus(plan, { admin: world.cluster.admin() })).toEqual(before)
    expect(await resumeReplay(plan, world.ports())).toMatchObject({ end: 'finished', records: 60, sent: 0 })
    expect(world.sentIds()).toHaveLength(60)
  })
})
