import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { abortReplay, type ReplayPlan, type ReplayPorts, replayStatus, resumeReplay, runReplay } from '../src/index.ts'
import { REPLAY, type ReplayWorld, seededWorld, TASKS } from './replay-world.ts'

const RECORDS = 120
const OPTIONS = { maxRepeats: 20, checkpointIntervalMs: 50 }
const TAKEN_OVER = { code: 'TOWLINE_REPLAY_TAKEN_OVER' }

/** Ports whose saves arrive so long after they were sent. */
function savingLate(world: ReplayWorld, delayMs: () => number): ReplayPorts {
  const ports = world.ports()
  const commitNote: typeof ports.admin.commitNote = async (...save) => {
    const ms = delayMs()
    if (ms > 0) await new Promise<void>((resolve) => world.clock.after(ms, resolve))
    await ports.admin.commitNote(...save)
  }
  return { ...ports, admin: { ...ports.admin, commitNote } }
}

function at<T>(world: ReplayWorld, delayMs: number, begin: () => Promise<T>): Promise<T> {
  return new Promise((resolve) => world.clock.after(delayMs, () => resolve(begin())))
}

/** `finished`, `aborted`, or the code it failed with. */
async function endOf(run: ReturnType<typeof runReplay>): Promise<string> {
  return await run.then(
    ({ end }) => end,
    (error: { code?: string }) => error.code ?? String(error),
  )
}

function firstAppearances(world: ReplayWorld, topic: string, key: string): string[] {
  const records = world.cluster.records(topic).filter((record) => String(record.key) === key)
  return [...new Set(records.map(({ value }) => String(value)))]
}

async function expectExact(world: ReplayWorld, plan: ReplayPlan): Promise<void> {
  expect([...new Set(world.sentIds())]).toEqual(world.expectedIds(plan))
  for (const key of ['key-0', 'key-1', 'key-2', 'key-3', 'key-4']) {
    expect(firstAppearances(world, REPLAY, key)).toEqual(firstAppearances(world, TASKS, key))
  }
  const status = await replayStatus(plan, { admin: world.cluster.admin() })
  expect(status).toMatchObject({ state: 'finished', records: RECORDS })
}

describe('a replay that is resumed while a run of it is under way', () => {
  test('belongs to the later run; the earlier one says so and ends, repeating no more than is bounded', async () => {
    const world = seededWorld(RECORDS)
    const plan = await world.plan({ ratePerSecond: 20 })
    const first = runReplay(plan, world.ports(), OPTIONS)
    const second = at(world, 1_000, () => resumeReplay(plan, world.ports(), OPTIONS))
    const ends = await world.clock.until(Promise.all([endOf(first), endOf(second)]))
    expect(ends).toEqual(['TOWLINE_REPLAY_TAKEN_OVER', 'finished'])
    await expect(first).rejects.toMatchObject({ ...TAKEN_OVER, value: plan.replayId })
    await expectExact(world, plan)
    expect(world.sentIds().length - RECORDS).toBeLessThanOrEqual(OPTIONS.maxRepeats)
  })

  test('is not moved back for long by a save that the earlier run had on its way', async () => {
    const world = seededWorld(RECORDS)
    const plan = await world.plan({ ratePerSecond: 20 })
    const late = savingLate(world, () => (world.clock.monotonicMs() > 900 ? 400 : 0))
    const first = runReplay(plan, late, OPTIONS)
    const second = at(world, 1_000, () => resumeReplay(plan, world.ports(), OPTIONS))
    const records: number[] = []
    for (let ms = 1_050; ms < 2_000; ms += 50) {
      void at(world, ms, () => replayStatus(plan, { admin: world.cluster.admin() })).then((status) =>
        records.push(status?.records ?? 0),
      )
    }
    expect(await world.clock.until(Promise.all([endOf(first), endOf(second)]))).toEqual([TAKEN_OVER.code, 'finished'])
    expect(records).toHaveLength(19)
    const movedBack = records.filter((count, index) => count < (records[index - 1] ?? 0))
    expect(movedBack.length).toBeLessThanOrEqual(1)
    await expectExact(world, plan)
  })

  test('is not the stopped run’s any more, whatever that one had sent', async () => {
    const world = seededWorld(RECORDS)
    const plan = await world.plan({ ratePerSecond: 1 })
    const stop = new AbortController()
    const first = runReplay(plan, world.ports(), { ...OPTIONS, signal: stop.signal })
    const second = at(world, 5_500, () => resumeReplay(plan, world.ports(), { ...OPTIONS, ratePerSecond: null }))
    world.clock.after(5_600, () => stop.abort())
    expect(await world.clock.until(Promise.all([endOf(first), endOf(second)]))).toEqual([TAKEN_OVER.code, 'finished'])
    await expectExact(world, plan)
  })

  test('is finished whole and in order, whenever several runs of it begin; the others say what became of it', async () => {
    const begin = fc.record({
      atMs: fc.integer({ min: 0, max: 1_500 }),
      ratePerSecond: fc.constantFrom(20, 40, 50, 100, 200), // A whole number of milliseconds apart.
      saveMs: fc.integer({ min: 0, max: 40 }),
    })
    await fc.assert(
      fc.asyncProperty(fc.array(begin, { minLength: 2, maxLength: 4 }), async (begins) => {
        const world = seededWorld(RECORDS)
        const plan = await world.plan()
        const runs = begins.map(({ atMs, ratePerSecond, saveMs }) =>
          at(world, atMs, () =>
            runReplay(
              plan,
              savingLate(world, () => saveMs),
              { ...OPTIONS, ratePerSecond },
            ),
          ),
        )
        const ends = await world.clock.until(Promise.all(runs.map(endOf)))
        expect(ends).toContain('finished')
        expect(ends.filter((end) => end !== 'finished' && end !== TAKEN_OVER.code)).toEqual([])
        await expectExact(world, plan)
        expect(world.sentIds().length - RECORDS).toBeLessThanOrEqual(2 * OPTIONS.maxRepeats * (begins.length - 1))
      }),
      { numRuns: 150 },
    )
  })
})

describe('an aborted replay stays aborted', () => {
  test.each([
    ['when its run is stopped', 3_500],
    ['when its run comes to its last record', null],
  ])('%s before that has noticed', async (_, stopsAtMs) => {
    const world = seededWorld(3)
    const plan = await world.plan({ ratePerSecond: 0.5 })
    const admin = world.cluster.admin()
    const stop = new AbortController()
    if (stopsAtMs !== null) world.clock.after(stopsAtMs, () => stop.abort())
    const aborted = at(world, 2_600, () => abortReplay(plan, { admin, clock: world.clock }))
    const run = runReplay(plan, world.ports(), { signal: stop.signal })
    expect(await world.clock.until(endOf(run))).toBe('aborted')
    expect(await world.clock.until(aborted)).toMatchObject({ state: 'started', records: 2 })
    expect(await replayStatus(plan, { admin })).toBeNull()
  })
})
