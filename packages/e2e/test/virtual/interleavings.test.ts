import {
  assertKept,
  boundedDuplicates,
  exactLedger,
  type HistoryEvent,
  keyOrder,
  neverEarlyRetry,
  noConcurrentKey,
  noLoss,
} from '@towline/testing'
import { describe, expect, test } from 'vitest'
import { DELAYS_MS, fateOf, HardLife } from './hard-life.ts'
import { beyondTrust, lateStarts } from './late-starts.ts'
import type { VirtualFleet } from './virtual-fleet.ts'

/** One life again: E2E_VIRTUAL_SEED. More of them: E2E_VIRTUAL_LIVES. */
const SEED = process.env['E2E_VIRTUAL_SEED']
const LIVES = Number(process.env['E2E_VIRTUAL_LIVES'] ?? 600)
const PER_TEST = 100

const seeds = SEED === undefined ? Array.from({ length: LIVES }, (_, at) => at + 1) : [Number(SEED)]
const batches = Array.from({ length: Math.ceil(seeds.length / PER_TEST) }, (_, at) => {
  const batch = seeds.slice(at * PER_TEST, (at + 1) * PER_TEST)
  return { name: `seeds ${batch[0]} to ${batch.at(-1)}`, batch }
})

describe('P1 to P4, P11 and P14 whatever happens to a fleet', () => {
  test.each(batches)('$name', async ({ batch }) => {
    for (const seed of batch) await judge(seed)
  })
})

test('a life is the same each time it is lived', async () => {
  const [one, again] = [await HardLife.live(7), await HardLife.live(7)]
  expect(again.journal.entries).toEqual(one.journal.entries)
  expect(again.ends).toEqual(one.ends)
  await Promise.all([one.close(), again.close()])
})

async function judge(seed: number): Promise<void> {
  try {
    const fleet = await HardLife.live(seed)
    await keptPromises(fleet)
    await fleet.close()
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error)
    throw new Error(`seed ${seed}, alone by E2E_VIRTUAL_SEED=${seed}: ${message}`, { cause: error })
  }
}

async function keptPromises(fleet: VirtualFleet): Promise<void> {
  const history = await fleet.history()
  assertKept(noLoss(history), keyOrder(history), noConcurrentKey(history), exactLedger(history))
  assertKept(neverEarlyRetry(history, DELAYS_MS))
  // A repeated move to a tier, or publish, is dropped only by who dropped or ran the first one, while they hold the partition.
  const writtenTwice = await fleet.writtenTwice()
  const inPlace = new Set(
    fleet.published
      .filter(({ n, key, taskId }) => (key !== null || !fateOf(n).isRetried) && !writtenTwice.has(taskId))
      .map(({ taskId }) => taskId),
  )
  const ofThose = history.filter((event) => isAbout(event, inPlace))
  const late = lateStarts(ofThose)
  expect(beyondTrust(late)).toEqual([])
  const startedLate = new Set<HistoryEvent>(late.map(({ started }) => started))
  assertKept(boundedDuplicates(ofThose.filter((event) => !startedLate.has(event))))
  const counted = new Map(fleet.ends.toReversed().map((end) => [end.taskId, end.end]))
  for (const { taskId, n } of fleet.published) expect(counted.get(taskId), `task ${n}`).toBe(fateOf(n).end)
}

function isAbout(event: HistoryEvent, tasks: ReadonlySet<string>): boolean {
  return !('taskId' in event) || tasks.has(event.taskId)
}
