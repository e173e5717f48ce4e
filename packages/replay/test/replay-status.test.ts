import { describe, expect, test } from 'vitest'
import { abortReplay, listReplays, replayStatus, resumeReplay, runReplay, savePlan } from '../src/index.ts'
import { ReplayWorld } from './replay-world.ts'

function seededWorld(): ReplayWorld {
  const world = new ReplayWorld()
  world.seed(30, (index) => ({ partition: index % 3 }))
  return world
}

test('a stored plan waits to be resumed, by id and agent alone', async () => {
  const world = seededWorld()
  const plan = await world.plan({ reason: 'incident 42' })
  await savePlan(plan, world.ports())
  const ref = { replayId: plan.replayId, agentType: 'digest' }
  expect(await replayStatus(ref, { admin: world.cluster.admin() })).toMatchObject({
    plan,
    state: 'planned',
    records: 0,
    offsets: 0,
    totalOffsets: 30,
    lost: 0,
    updatedAtMs: world.clock.nowMs(),
  })
  await world.clock.until(resumeReplay(ref, world.ports()))
  expect(await replayStatus(ref, { admin: world.cluster.admin() })).toMatchObject({
    state: 'finished',
    records: 30,
    offsets: 30,
  })
})

test('is null where there is none: unknown, or of another agent', async () => {
  const world = seededWorld()
  world.cluster.create('other.tasks', 1)
  const plan = await world.plan()
  const admin = world.cluster.admin()
  expect(await replayStatus(plan, { admin })).toBeNull()
  await savePlan(plan, world.ports())
  expect(await replayStatus({ ...plan, agentType: 'other' }, { admin })).toBeNull()
  expect(await replayStatus({ ...plan, agentType: 'nobody' }, { admin })).toBeNull()
})

test('lists the replays of one agent, newest first', async () => {
  const world = seededWorld()
  world.cluster.create('other.tasks', 1)
  world.cluster.append('other.tasks', { partition: 0 })
  const ids: string[] = []
  for (const agentType of ['digest', 'other', 'digest']) {
    world.clock.jump(1_000)
    const plan = await world.plan({ agentType, toTopic: 'digest.replay' })
    await savePlan(plan, world.ports())
    ids.push(plan.replayId)
  }
  await world.cluster.admin().commitNote('towline.digest.tasks', [])
  await world.cluster.admin().commitNote('towline.replay.not-an-id', [])
  const listed = await listReplays({ agentType: 'digest' }, { admin: world.cluster.admin() })
  expect(listed.map(({ plan }) => plan.replayId)).toEqual([ids[2], ids[0]])
  await expect(listReplays({ agentType: 'No' }, { admin: world.cluster.admin() })).rejects.toMatchObject({
    code: 'TOWLINE_NAME_INVALID',
  })
})

describe('abort', () => {
  test('forgets the replay, keeps what was sent, and answers with where it stood', async () => {
    const world = seededWorld()
    const plan = await world.plan({ ratePerSecond: 10 })
    const stop = new AbortController()
    world.clock.after(1_000, () => stop.abort())
    const { records } = await world.clock.until(runReplay(plan, world.ports(), { signal: stop.signal }))
    const ports = { admin: world.cluster.admin(), clock: world.clock }
    expect(await world.clock.until(abortReplay(plan, ports))).toMatchObject({ state: 'started', records })
    expect(await world.cluster.admin().groupIds()).not.toContain(`towline.replay.${plan.replayId}`)
    expect(world.sentIds()).toHaveLength(records)
    expect(await abortReplay(plan, ports)).toBeNull()
  })

  test('holds against a checkpoint that was on its way', async () => {
    const world = seededWorld()
    const plan = await world.plan()
    await savePlan(plan, world.ports())
    const admin = world.cluster.admin()
    const stored = await admin.committed(`towline.replay.${plan.replayId}`, [{ topic: plan.source, partition: 0 }])
    const late = stored.map(({ tp, metadata }) => ({
      tp,
      next: 5,
      metadata: metadata.replace('planned', 'started'),
    }))
    await admin.commitNote(`towline.replay.${plan.replayId}`, late)
    const arrival = Promise.withResolvers<void>()
    world.clock.after(100, () => arrival.resolve(admin.commitNote(`towline.replay.${plan.replayId}`, late)))
    await world.clock.until(abortReplay(plan, { admin, clock: world.clock }))
    await world.clock.until(arrival.promise)
    expect(await admin.groupIds()).not.toContain(`towline.replay.${plan.replayId}`)
    await admin.commitNote(`towline.replay.${plan.replayId}`, late) // However late.
    expect(await replayStatus(plan, { admin })).toBeNull()
    await expect(resumeReplay(plan, world.ports())).rejects.toMatchObject({ code: 'TOWLINE_REPLAY_NOT_FOUND' })
  })
})
