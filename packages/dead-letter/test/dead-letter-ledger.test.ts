import { ENDS, type End, formatLife, HEADER, RESOLUTIONS, type Resolution } from '@towline/contracts'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { DeadLetterState } from '../src/dead-letter.ts'
import { resolutionRecord } from '../src/moved-record.ts'
import { DeadLetterWorld, keyedId, names, type Published } from './dead-letter-world.ts'

type Step =
  | { readonly kind: 'kill'; readonly task: number; readonly life: number }
  | { readonly kind: 'end'; readonly task: number; readonly life: number; readonly end: End }
  | { readonly kind: 'resolve'; readonly task: number; readonly life: number; readonly resolvedAs: Resolution }
  | { readonly kind: 'noise' }

const TASKS = 2
const LIVES = 2
const task = fc.nat({ max: TASKS - 1 })
const life = fc.integer({ min: 1, max: LIVES })
const steps: fc.Arbitrary<Step[]> = fc.array(
  fc.oneof(
    { weight: 3, arbitrary: fc.record({ kind: fc.constant('kill' as const), task, life }) },
    {
      weight: 3,
      arbitrary: fc.record({ kind: fc.constant('end' as const), task, life, end: fc.constantFrom(...ENDS) }),
    },
    {
      weight: 1,
      arbitrary: fc.record({
        kind: fc.constant('resolve' as const),
        task,
        life,
        resolvedAs: fc.constantFrom(...RESOLUTIONS),
      }),
    },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('noise' as const) }) },
  ),
  { maxLength: 60 },
)

interface Account {
  readonly state: DeadLetterState
  readonly resolvedAs: Resolution | undefined
}

/** The books as one would keep them on paper, from the whole history. */
function naiveBooks(history: readonly Step[]): Map<string, Account> {
  const books = new Map<string, Account>()
  for (let of = 0; of < TASKS; of += 1) {
    for (let in_ = 1; in_ <= LIVES; in_ += 1) {
      const mine = history.filter((step) => step.kind !== 'noise' && step.task === of && step.life === in_)
      if (!mine.some(({ kind }) => kind === 'kill')) continue
      const firstEnd = mine.find((step) => step.kind === 'end')
      const resolution = mine.find((step) => step.kind === 'resolve')
      const unresolved = firstEnd === undefined ? 'pending' : firstEnd.end === 'dead-lettered' ? 'open' : 'void'
      const state = resolution === undefined ? unresolved : 'resolved'
      books.set(formatLife({ taskId: keyedId(`task-${of}`), life: in_ }), { state, resolvedAs: resolution?.resolvedAs })
    }
  }
  return books
}

async function act(world: DeadLetterWorld, step: Step): Promise<void> {
  world.clock.advance(1)
  if (step.kind === 'noise') {
    world.log.append(names.dlq, { key: Buffer.from('noise'), value: null, headers: {} })
    world.end(keyedId('another'), 1, 'succeeded')
    return
  }
  const taskId = keyedId(`task-${step.task}`)
  switch (step.kind) {
    case 'kill':
      return world.kill(lifeOf(world, taskId, step.life))
    case 'end':
      world.end(taskId, step.life, step.end)
      return
    case 'resolve': {
      const note = { resolves: { taskId, life: step.life }, resolvedAs: step.resolvedAs, by: 'ana' }
      world.log.append(names.dlq, resolutionRecord(Buffer.from(taskId), note))
    }
  }
}

function lifeOf(world: DeadLetterWorld, taskId: string, inLife: number): Published {
  return world.publish({ key: taskId, headers: { [HEADER.ceId]: taskId, [HEADER.life]: String(inLife) } })
}

test('D1, D2, D3: states and counts are what the whole history says, in whatever order it happened', () =>
  fc.assert(
    fc.asyncProperty(steps, fc.integer({ min: 1, max: 7 }), async (history, batchRecords) => {
      const world = new DeadLetterWorld()
      world.log.batchRecords = batchRecords
      for (let of = 0; of < TASKS; of += 1) lifeOf(world, keyedId(`task-${of}`), 1)
      for (const step of history) await act(world, step)
      const list = await world.letters.list()
      const expected = naiveBooks(history)
      const kept = list.entries.map((entry): [string, Account] => [
        formatLife(entry),
        { state: entry.state, resolvedAs: entry.resolution?.resolvedAs },
      ])
      expect(new Map(kept)).toEqual(expected)
      for (const state of ['open', 'pending', 'void', 'resolved'] as const) {
        expect(list[state]).toBe([...expected.values()].filter((account) => account.state === state).length)
      }
      expect(list.groups.reduce((sum, { open }) => sum + open, 0)).toBe(list.open)
      expect(list.foreign).toBe(history.filter(({ kind }) => kind === 'noise').length)
    }),
    { numRuns: 300 },
  ))

test('what is redriven and purged is exactly what is open, and then nothing is', () =>
  fc.assert(
    fc.asyncProperty(steps, fc.boolean(), async (history, purges) => {
      const world = new DeadLetterWorld()
      for (let of = 0; of < TASKS; of += 1) lifeOf(world, keyedId(`task-${of}`), 1)
      for (const step of history) await act(world, step)
      const options = { all: true, by: 'ana' }
      const before = await world.letters.list()
      const dry = await (purges
        ? world.letters.purge({ ...options, dryRun: true })
        : world.letters.redrive({ ...options, dryRun: true }))
      expect(await world.letters.list()).toEqual(before)
      const report = await (purges ? world.letters.purge(options) : world.letters.redrive(options))
      const { counts } = report
      expect(counts.redriven + counts.purged).toBe(dry.counts.eligible)
      expect(counts.refused).toBe(dry.counts.refused)
      expect(counts.redriven + counts.purged + counts.refused).toBe(before.open)
      expect((await world.letters.list()).open).toBe(counts.refused)
    }),
    { numRuns: 100 },
  ))
