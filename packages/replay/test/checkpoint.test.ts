import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { decodeCheckpoint, encodeCheckpoint } from '../src/checkpoint.ts'
import { loadCheckpoint, saveCheckpoint } from '../src/checkpoint-store.ts'
import type { ReplayPlan } from '../src/index.ts'
import { ReplayWorld, TASKS } from './replay-world.ts'

const REPLAY_ID = '018f3c5e-0000-7000-8000-000000000001'

const plan: ReplayPlan = {
  replayId: REPLAY_ID,
  namespace: 'prod',
  agentType: 'digest',
  source: 'prod.digest.tasks',
  target: 'prod.digest.replay',
  partitions: [
    { partition: 2, from: 10, to: 90 },
    { partition: 5, from: 0, to: 7 },
  ],
  key: null,
  max: null,
  ratePerSecond: null,
  createdAtMs: 1_700_000_000_000,
  by: 'ops',
  reason: null,
}

const text = fc.string({ minLength: 1, maxLength: 80 })

test('a partition of a plan reads back with everything that was asked for', () => {
  fc.assert(
    fc.property(
      fc.record({
        key: fc.option(fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes))),
        max: fc.option(fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER })),
        ratePerSecond: fc.option(fc.double({ min: 0.001, max: 1e6, noNaN: true })),
        by: text,
        reason: fc.option(text),
      }),
      fc.record({ next: fc.integer({ min: 10, max: 90 }), records: fc.nat(80), lost: fc.nat(80) }),
      (options, done) => {
        const asked = { ...plan, ...options }
        const progress = { partition: 2, from: 10, to: 90, ...done }
        const encoded = encodeCheckpoint(asked, progress, 'started', 1_700_000_000_123)
        expect(decodeCheckpoint(encoded, { replayId: REPLAY_ID, partition: 2, next: done.next })).toEqual({
          plan: { ...asked, partitions: [{ partition: 2, from: 10, to: 90 }] },
          partitionCount: 2,
          progress,
          state: 'started',
          updatedAtMs: 1_700_000_000_123,
        })
      },
    ),
  )
})

test('what does not fit into commit metadata is refused before anything is stored', () => {
  const progress = { partition: 2, from: 10, to: 90, next: 10, records: 0, lost: 0 }
  expect(() => encodeCheckpoint({ ...plan, reason: '"'.repeat(4_000) }, progress, 'planned', 1)).toThrow(
    expect.objectContaining({ code: 'TOWLINE_REPLAY_INVALID', bound: 4_096 }),
  )
})

describe('anything else is no checkpoint and never throws', () => {
  const at = { replayId: REPLAY_ID, partition: 2, next: 10 }
  const progress = { partition: 2, from: 10, to: 90, next: 10, records: 0, lost: 0 }
  const good = JSON.parse(encodeCheckpoint(plan, progress, 'started', 1)) as Record<string, unknown>

  test('free text and free JSON', () => {
    for (const junk of [fc.string(), fc.json()]) {
      fc.assert(fc.property(junk, (text) => decodeCheckpoint(text, at) === null))
    }
  })

  test.each(Object.keys(good))('a checkpoint whose %s is of another kind', (field) => {
    for (const wrong of [true, { a: 1 }, -1, 'x'.repeat(3)]) {
      if (typeof wrong === typeof good[field]) continue
      expect(decodeCheckpoint(JSON.stringify({ ...good, [field]: wrong }), at)).toBeNull()
    }
  })

  test('another version', () => {
    expect(decodeCheckpoint(JSON.stringify({ ...good, v: 2 }), at)).toBeNull()
  })
})

describe('in a group', () => {
  test('a plan is found by id and agent alone, whole', async () => {
    const world = new ReplayWorld()
    world.seed(30, (index) => ({ partition: index % 3 }))
    const stored = await world.plan({ key: 'k', max: 10, ratePerSecond: 5, reason: 'incident 42' })
    const partitions = stored.partitions.map((range) => ({ ...range, next: range.from, records: 0, lost: 0 }))
    await saveCheckpoint(world.cluster.admin(), stored, { state: 'planned', partitions, updatedAtMs: 7 })
    const ref = { replayId: stored.replayId, agentType: 'digest' }
    expect(await loadCheckpoint(world.cluster.admin(), ref)).toEqual({
      plan: stored,
      state: 'planned',
      partitions,
      updatedAtMs: 7,
    })
  })

  test('one with a foreign or missing partition is refused rather than guessed at', async () => {
    const world = new ReplayWorld()
    world.seed(30, (index) => ({ partition: index % 3 }))
    const stored = await world.plan()
    const partitions = stored.partitions.map((range) => ({ ...range, next: range.from, records: 0, lost: 0 }))
    const admin = world.cluster.admin()
    await saveCheckpoint(admin, stored, { state: 'planned', partitions: partitions.slice(1), updatedAtMs: 7 })
    const unreadable = expect.objectContaining({ code: 'TOWLINE_REPLAY_INVALID' })
    await expect(loadCheckpoint(admin, stored)).rejects.toThrow(unreadable)
    const tp = { topic: TASKS, partition: 0 }
    await admin.commitNote(`towline.replay.${stored.replayId}`, [{ tp, next: 4, metadata: 'somebody was here' }])
    await expect(loadCheckpoint(admin, stored)).rejects.toThrow(unreadable)
  })

  test('none is null', async () => {
    const world = new ReplayWorld()
    expect(await loadCheckpoint(world.cluster.admin(), { replayId: REPLAY_ID, agentType: 'digest' })).toBeNull()
  })
})
