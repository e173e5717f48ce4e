import {
  assertKept,
  boundedDuplicates,
  type Counterexample,
  exactLedger,
  type History,
  keyOrder,
  neverEarlyRetry,
  noConcurrentKey,
  noDuplicates,
  noLoss,
  type Verdict,
} from '@towline/testing'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import {
  type Breaker,
  endGone,
  endOfLetterGone,
  letterGone,
  overtaken,
  rerunAfterCommit,
  rerunUntold,
  resolutionGone,
  resolvedThoughSucceeded,
  retriedEarly,
  startedBeside,
  startedElsewhere,
  strangersEnd,
  strangersResolution,
} from './breakers.ts'
import { DELAYS_MS, SimulatedFleet } from './simulated-fleet.ts'

// The proofs rest on the checkers: each accepts every history of a fleet that keeps its promises, and tells each way in
// which a history can break its own.

/** What drives a simulated fleet. */
const courses = fc.array(fc.nat(100_000), { minLength: 40, maxLength: 250 })

const CHECKERS = {
  noLoss,
  boundedDuplicates,
  keyOrder: (history: History): Verdict => keyOrder(history),
  noConcurrentKey: (history: History): Verdict => noConcurrentKey(history),
  exactLedger,
  neverEarlyRetry: (history: History): Verdict => neverEarlyRetry(history, DELAYS_MS),
}

test.each(Object.entries(CHECKERS))('%s accepts every history of a fleet that keeps its promises', (_, check) => {
  fc.assert(fc.property(courses, (course) => assertKept(check(SimulatedFleet.run(course)))))
})

const BREAKERS: readonly (readonly [keyof typeof CHECKERS, string, Breaker])[] = [
  ['noLoss', 'a life whose end is gone', endGone],
  ['noLoss', 'an end of a task that nobody published', strangersEnd],
  ['boundedDuplicates', 'an attempt that runs again after its end was committed', rerunAfterCommit],
  ['boundedDuplicates', 'a second run that is not told', rerunUntold],
  ['keyOrder', 'two tasks of a key that succeed in each other’s place', overtaken],
  ['noConcurrentKey', 'a second start of a key in one runner', startedBeside],
  ['noConcurrentKey', 'a start of a key that a live member of another runner runs', startedElsewhere],
  ['exactLedger', 'an open letter of a life whose end is gone', endOfLetterGone],
  ['exactLedger', 'a dead letter that is gone', letterGone],
  ['exactLedger', 'a redriven letter that nobody resolved', resolutionGone],
  ['exactLedger', 'a resolution of what never died', strangersResolution],
  ['exactLedger', 'a letter that was resolved although its task had succeeded', resolvedThoughSucceeded],
  ['neverEarlyRetry', 'an attempt that begins early', retriedEarly],
]

test.each(BREAKERS)('%s tells %s, with nothing that could be left out', (name, _, breakIt) => {
  const check = CHECKERS[name]
  fc.assert(
    fc.property(courses, fc.nat(), (course, at) => {
      const broken = breakIt(SimulatedFleet.run(course))
      const history = broken[at % Math.max(1, broken.length)]
      fc.pre(history !== undefined)
      const { rule, events } = counterexampleOf(check(history))
      for (const verdict of [check(events), check(history)]) expect(counterexampleOf(verdict)).toEqual({ rule, events })
      for (const left of events) {
        const verdict = check(events.filter((event) => event !== left))
        if (verdict.kind === 'broken') expect(verdict.counterexample.rule).not.toBe(rule)
      }
    }),
  )
})

function counterexampleOf(verdict: Verdict): Counterexample {
  if (verdict.kind === 'kept') throw new Error('nothing was found')
  return verdict.counterexample
}

test('tells a counterexample as a story, with what else is known of its task', () => {
  const atMs = Date.UTC(2026, 0, 2, 3, 4, 5)
  const task = { taskId: '01a20c90-64b1-73a8-9e7e-933b2ac9587a', topic: 'app.tasks', partition: 1, offset: 7 } as const
  const attempt = { taskId: task.taskId, life: 1, attempt: 1, key: 'k' } as const
  const start = { kind: 'started', ...attempt } as const
  const history: History = [
    { kind: 'published', ...task, key: 'k', atMs: atMs - 40 },
    { ...start, mayHaveRun: false, runner: 'a', atMs },
    { kind: 'returned', ...attempt, runner: 'a', atMs: atMs + 100 },
    { kind: 'ended', ...attempt, ...task, runner: 'a', atMs: atMs + 105 },
    { kind: 'committed', topic: 'app.tasks', durationMs: 6, runner: 'a', atMs: atMs + 150 },
    { ...start, mayHaveRun: true, runner: 'b', atMs: atMs + 900 },
  ]
  expect(() => assertKept(noLoss([]), boundedDuplicates(history))).toThrow(
    expect.objectContaining({
      name: 'BrokenPromiseError',
      message: [
        'An attempt ran again although its end was committed:',
        '       +0 ms  a started 01a20c90-64b1-73a8-9e7e-933b2ac9587a/1#1, key k',
        '     +105 ms  a had written the end of 01a20c90-64b1-73a8-9e7e-933b2ac9587a/1#1 of app.tasks/1@7',
        '     +150 ms  a had a commit of app.tasks confirmed, asked for 6 ms before',
        '     +900 ms  b started 01a20c90-64b1-73a8-9e7e-933b2ac9587a/1#1, key k, which may have run',
        'What else is told of it:',
        '      -40 ms  task 01a20c90-64b1-73a8-9e7e-933b2ac9587a was published at app.tasks/1@7, key k',
        '     +100 ms  a returned from 01a20c90-64b1-73a8-9e7e-933b2ac9587a/1#1',
        '(+0 ms is 2026-01-02T03:04:05.000Z)',
      ].join('\n'),
    }),
  )
})

test('a commit that was asked for before the end was written, or after the partition was lost, covers nothing', () => {
  const at = { topic: 'tasks', partition: 0, offset: 0 } as const
  const attempt = { taskId: 'x', life: 1, attempt: 1 } as const
  const first = { kind: 'started', ...attempt, key: null, mayHaveRun: false, runner: 'a', atMs: 0 } as const
  const ended = { kind: 'ended', ...attempt, ...at, runner: 'a', atMs: 20 } as const
  const lost = { kind: 'lost', ...at, runner: 'a', atMs: 22 } as const
  const committed = { kind: 'committed', topic: 'tasks', durationMs: 5, runner: 'a', atMs: 50 } as const
  const again = { ...first, mayHaveRun: true, runner: 'b', atMs: 60 } as const
  expect(boundedDuplicates([first, ended, { ...committed, durationMs: 35 }, again])).toEqual({ kind: 'kept' })
  expect(boundedDuplicates([first, ended, lost, committed, again])).toEqual({ kind: 'kept' })
  expect(boundedDuplicates([first, lost, ended, committed, again])).toEqual({ kind: 'kept' })
  expect(boundedDuplicates([first, ended, committed, lost, again])).toMatchObject({ kind: 'broken' })
  expect(noDuplicates([first, ended, committed])).toEqual({ kind: 'kept' })
  expect(noDuplicates([first, again])).toMatchObject({ counterexample: { events: [first, again] } })
})
