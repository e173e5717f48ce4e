import { ENDS, newTaskId } from '@towline/contracts'
import { type RunningBroker, testBrokers } from '@towline/test-brokers'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { takeAccount } from '../../src/demo/account.ts'
import { EndsWatch } from '../../src/demo/ends-watch.ts'
import { naiveAccount, type Told } from './naive-account.ts'
import { RETRY_MS, type Written, WrittenLog } from './written-log.ts'

const NOTHING = {
  ...{ published: 0, succeeded: 0, deadLettered: 0, lost: 0, endedTwice: 0, ranTwice: 0, retried: 0 },
  ...{ redriven: 0, redrivenEnded: 0, openDeadLetters: 0, missingLetters: 0, replayed: 0, replayedEnded: 0 },
}

describe.each(testBrokers())('on $name', ({ start }) => {
  let broker: RunningBroker
  beforeAll(async () => {
    broker = await start()
  })
  afterAll(() => broker.stop())

  async function withLog(use: (log: WrittenLog) => Promise<void>): Promise<void> {
    const log = await WrittenLog.on(broker)
    try {
      await use(log)
    } finally {
      await log.close()
    }
  }

  async function writeAll(log: WrittenLog, all: readonly Written[]): Promise<Told[]> {
    const told: Told[] = []
    for (const written of all) {
      const id = await log.write(written)
      told.push(written.kind === 'stranger' ? { kind: 'stranger', id: id ?? 'none' } : written)
    }
    return told
  }

  test('the account of empty topics is nothing', () =>
    withLog(async (log) => {
      expect(await takeAccount(log.context)).toEqual(NOTHING)
    }))

  test('counts tasks by their first end, and apart from it lives, letters, retries and replays', () =>
    withLog(async (log) => {
      const [fine, mended, hopeless, gone, again] = Array.from({ length: 5 }, () => newTaskId()) as [
        string,
        string,
        string,
        string,
        string,
      ]
      const strangerId = await log.write({ kind: 'stranger' })
      await writeAll(log, [
        { kind: 'task', id: fine, life: 1 },
        { kind: 'task', id: fine, life: 1 }, // A producer may write a record twice: one task.
        { kind: 'end', id: fine, life: 1, end: 'succeeded', mayHaveRun: true, replayId: null },
        { kind: 'end', id: fine, life: 1, end: 'dead-lettered', mayHaveRun: true, replayId: null },
        { kind: 'end', id: fine, life: 1, end: 'succeeded', mayHaveRun: true, replayId: null },
        { kind: 'task', id: mended, life: 1 },
        { kind: 'retry', id: mended, life: 1, attempt: 2, tier: 1_000 },
        { kind: 'retry', id: mended, life: 1, attempt: 2, tier: 2_000 }, // Moved on between tiers: one attempt.
        { kind: 'retry', id: mended, life: 1, attempt: 3, tier: 2_000 },
        { kind: 'letter', id: mended, life: 1 },
        { kind: 'letter', id: mended, life: 1 },
        { kind: 'end', id: mended, life: 1, end: 'dead-lettered', mayHaveRun: false, replayId: null },
        { kind: 'resolution', id: mended, life: 1 },
        { kind: 'task', id: mended, life: 2 },
        { kind: 'end', id: mended, life: 2, end: 'succeeded', mayHaveRun: false, replayId: null },
        { kind: 'task', id: hopeless, life: 1 },
        { kind: 'end', id: hopeless, life: 1, end: 'dead-lettered', mayHaveRun: false, replayId: null },
        { kind: 'letter', id: hopeless, life: 1 },
        { kind: 'task', id: gone, life: 1 },
        { kind: 'letter', id: gone, life: 1 }, // Without an end it is neither dead nor open.
        { kind: 'end', id: strangerId ?? '', life: 1, end: 'dead-lettered', mayHaveRun: false, replayId: null },
        { kind: 'replay', id: again },
        { kind: 'end', id: again, life: 1, end: 'succeeded', mayHaveRun: false, replayId: 'a-replay' },
        { kind: 'replay', id: newTaskId() },
        { kind: 'no end', value: Buffer.from('no Avro at all') },
        { kind: 'no end', value: null },
      ])
      expect(await takeAccount(log.context)).toEqual({
        published: 5,
        succeeded: 1,
        deadLettered: 3,
        lost: 1,
        endedTwice: 1,
        ranTwice: 1,
        retried: 2,
        redriven: 1,
        redrivenEnded: 1,
        openDeadLetters: 1,
        missingLetters: 1, // Of the stranger.
        replayed: 2,
        replayedEnded: 1,
      })
    }))

  test('agrees with a naive account of whatever was written, and the watch with the first ends', () =>
    withLog(async (log) => {
      const watch = new EndsWatch(log.context, log.resultsTopic)
      const told: Told[] = []
      const seed = Date.now()
      for (const batch of fc.sample(batches(), { numRuns: 15, seed })) {
        told.push(...(await writeAll(log, batch)))
        expect(await takeAccount(log.context), `seed ${seed}`).toEqual(naiveAccount(told))
        await watch.poll()
        expect(watchedOf(watch), `seed ${seed}`).toEqual(watchedIn(told))
      }
      expect(told.length).toBeGreaterThan(100)
    }))
})

/** Few tasks, so that most records meet others of the same one. */
function batches(): fc.Arbitrary<Written[]> {
  const ids = Array.from({ length: 6 }, () => newTaskId())
  const id = fc.constantFrom(...ids)
  const life = fc.constantFrom(1, 1, 2, 3)
  const replayId = fc.constantFrom(null, null, 'a-replay')
  const written: fc.Arbitrary<Written> = fc.oneof(
    fc.record({ kind: fc.constant('task' as const), id, life }),
    fc.record({ kind: fc.constant('stranger' as const) }),
    fc.record({
      kind: fc.constant('retry' as const),
      id,
      life,
      attempt: fc.constantFrom(2, 3),
      tier: fc.constantFrom(...RETRY_MS),
    }),
    fc.record({
      kind: fc.constant('end' as const),
      id,
      life,
      end: fc.constantFrom(...ENDS),
      mayHaveRun: fc.boolean(),
      replayId,
    }),
    fc.record({
      kind: fc.constant('no end' as const),
      value: fc.constantFrom(null, Buffer.of(0, 0, 0, 0, 9, 1), Buffer.alloc(0)),
    }),
    fc.record({ kind: fc.constant('letter' as const), id, life }),
    fc.record({ kind: fc.constant('resolution' as const), id, life }),
    fc.record({ kind: fc.constant('replay' as const), id }),
  )
  return fc.array(written, { minLength: 5, maxLength: 25 })
}

interface Watched {
  readonly ends: Readonly<Record<string, string>>
  readonly life1: number
  readonly life2: number
  readonly replay: number
}

function watchedOf(watch: EndsWatch): Watched {
  const ends = Object.fromEntries([...watch.ends].map(([life, { end }]) => [life, end]))
  return { ends, life1: watch.countOfLife(1), life2: watch.countOfLife(2), replay: watch.countOfReplay('a-replay') }
}

function watchedIn(told: readonly Told[]): Watched {
  const first = new Map<string, Extract<Told, { kind: 'end' }>>()
  for (const end of told) {
    if (end.kind === 'end' && !first.has(`${end.id}/${end.life}`)) first.set(`${end.id}/${end.life}`, end)
  }
  const ends = [...first.values()]
  return {
    ends: Object.fromEntries([...first].map(([life, { end }]) => [life, end])),
    life1: ends.filter(({ life, replayId }) => life === 1 && replayId === null).length,
    life2: ends.filter(({ life, replayId }) => life === 2 && replayId === null).length,
    replay: ends.filter(({ replayId }) => replayId === 'a-replay').length,
  }
}
