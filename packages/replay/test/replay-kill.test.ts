import { HEADER, TowlineError } from '@towline/contracts'
import { describe, expect, test } from 'vitest'
import { replayStatus, resumeReplay, runReplay } from '../src/index.ts'
import { MortalPorts } from './faulty-ports.ts'
import { REPLAY, ReplayWorld, TASKS } from './replay-world.ts'

const OPTIONS = { maxInFlight: 6, maxRepeats: 12, checkpointIntervalMs: 4 }

function seededWorld(): ReplayWorld {
  const world = new ReplayWorld(2)
  world.seed(40, (index) => ({ partition: index % 2, key: `key-${index % 2}`, gap: index % 7 === 0 ? 2 : 0 }))
  return world
}

/** Everything that stands in the target, one line per record, without its offset. */
function sentRecords(world: ReplayWorld): string[] {
  return world.cluster
    .records(REPLAY)
    .map(({ key, value, headers }) =>
      JSON.stringify([String(headers[HEADER.ceId]), String(key), String(value), Object.entries(headers).map(String)]),
    )
}

/** Values of a key in the order of their first appearance: what a runner that drops repeats runs. */
function firstAppearances(world: ReplayWorld, key: string, topic: string): string[] {
  const records = world.cluster.records(topic).filter((record) => String(record.key) === key)
  return [...new Set(records.map(({ value }) => String(value)))]
}

async function killAndResume(atCall: number, takesEffect: boolean): Promise<{ hasDied: boolean; call: string }> {
  const world = seededWorld()
  const plan = await world.plan()
  const mortal = new MortalPorts(world.living(), { atCall, takesEffect })
  const run = runReplay(plan, mortal.ports(), OPTIONS)
  await world.clock.until(run.catch(() => undefined))
  const atDeath = world.cluster.records(REPLAY).length
  const covered = (await replayStatus(plan, { admin: world.cluster.admin() }))?.records ?? 0

  expect(covered).toBeLessThanOrEqual(atDeath)
  expect(atDeath - covered).toBeLessThanOrEqual(OPTIONS.maxRepeats)

  const result = await world.clock.until(runReplay(plan, world.ports(), OPTIONS))
  expect(result).toMatchObject({ end: 'finished', records: 40 })
  expect([...new Set(world.sentIds())]).toEqual(world.expectedIds(plan))
  const repeats = world.sentIds().length - 40
  expect(repeats).toBe(atDeath - covered)
  expect(new Set(sentRecords(world)).size).toBe(40)
  for (const key of ['key-0', 'key-1']) {
    expect(firstAppearances(world, key, REPLAY)).toEqual(firstAppearances(world, key, TASKS))
  }
  expect(await replayStatus(plan, { admin: world.cluster.admin() })).toMatchObject({ state: 'finished', records: 40 })
  return { hasDied: mortal.hasDied, call: mortal.calls.at(-1) ?? '' }
}

describe.each([
  ['before it takes effect', false],
  ['after it took effect, unanswered', true],
])('killed at any call to the cluster, %s', (_, takesEffect) => {
  test('a resume completes the replay exactly; repeats are equal records with equal ids, in order', async () => {
    const killedAt = new Map<string, number>()
    for (let atCall = 1; ; atCall += 1) {
      const { hasDied, call } = await killAndResume(atCall, takesEffect)
      if (!hasDied) break
      killedAt.set(call, (killedAt.get(call) ?? 0) + 1)
    }
    expect([...killedAt.keys()].sort()).toEqual(
      ['commitNote', 'committed', 'describeTopics', 'offsets', 'partitionCount', 'read', 'send'].sort(),
    )
    expect(killedAt.get('send')).toBeGreaterThan(5)
    expect(killedAt.get('commitNote')).toBeGreaterThan(3)
  })
})

test('a replay killed again and again still ends exact', async () => {
  const world = seededWorld()
  const plan = await world.plan()
  for (let atCall = 1; atCall < 60; atCall += 1) {
    const mortal = new MortalPorts(world.living(), { atCall, takesEffect: atCall % 2 === 0 })
    await world.clock.until(runReplay(plan, mortal.ports(), OPTIONS).catch(() => undefined))
  }
  await world.clock.until(runReplay(plan, world.ports(), OPTIONS))
  expect([...new Set(world.sentIds())]).toEqual(world.expectedIds(plan))
  expect(new Set(sentRecords(world)).size).toBe(40)
})

test('before the first checkpoint is confirmed nothing is sent, so nothing is in the target without a way to go on', async () => {
  const world = seededWorld()
  const plan = await world.plan()
  const ports = world.ports()
  const admin: typeof ports.admin = { ...ports.admin, commitNote: () => Promise.reject(new Error('not stored')) }
  await expect(world.clock.until(runReplay(plan, { ...ports, admin }))).rejects.toThrow('not stored')
  expect(world.sentIds()).toEqual([])
  await expect(resumeReplay(plan, world.ports())).rejects.toMatchObject({ code: 'TOWLINE_REPLAY_NOT_FOUND' })
})

test('an outage of the coordinator shorter than half a minute is waited out', async () => {
  const world = seededWorld()
  const plan = await world.plan({ ratePerSecond: 4 })
  const ports = world.ports()
  const admin: typeof ports.admin = {
    ...ports.admin,
    commitNote: async (groupId, entries) => {
      const atMs = world.clock.monotonicMs()
      if (atMs > 2_000 && atMs < 8_000) throw new TowlineError('TOWLINE_BROKER_UNAVAILABLE', 'nobody answers')
      await ports.admin.commitNote(groupId, entries)
    },
  }
  const result = await world.clock.until(runReplay(plan, { ...ports, admin }))
  expect(result).toMatchObject({ end: 'finished', records: 40 })
  expect(world.sentIds()).toEqual(world.expectedIds(plan))
})
