import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { HEALTHY_AFTER_MS, isCrash, type RunnerExit, restartDelayMs } from '../src/supervisor/restart-policy.ts'
import {
  FIRST_STATE,
  nextState,
  type SupervisorEvent,
  type SupervisorState,
} from '../src/supervisor/supervisor-state.ts'

const NOW_MS = 1_000_000

const STARTING: SupervisorState = { kind: 'starting', crashes: 2, hasRun: true }
const RUNNING: SupervisorState = { kind: 'running', crashes: 2, sinceMs: NOW_MS - 1_000 }
const WAITING: SupervisorState = { kind: 'waiting', crashes: 2, hasRun: true, delayMs: 500 }
const DRAINING: SupervisorState = { kind: 'draining' }
const FORCING: SupervisorState = { kind: 'forcing' }
const ENDED: SupervisorState = { kind: 'ended', exitCode: 0 }
const STATES = [FIRST_STATE, STARTING, RUNNING, WAITING, DRAINING, FORCING, ENDED]

function exited(how: number | NodeJS.Signals, hasLeft = false): SupervisorEvent {
  const exit = typeof how === 'number' ? { code: how, signal: null } : { code: null, signal: how }
  return { kind: 'exited', exit, hasLeft }
}

const READY: SupervisorEvent = { kind: 'ready' }
const DUE: SupervisorEvent = { kind: 'due' }
const INTERRUPTED: SupervisorEvent = { kind: 'interrupted' }

describe('the restart policy', () => {
  test('waits 250 ms after the first crash, twice as long after each further one, at most 30 s', () => {
    expect([1, 2, 3, 4, 5, 6, 7, 8, 9, 1_000].map(restartDelayMs)).toEqual([
      250, 500, 1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000, 30_000,
    ])
  })

  const FIRST = { wasReady: false, hasRun: false, hasLeft: true }
  const AGAIN = { wasReady: false, hasRun: true, hasLeft: true }
  const WORKING = { wasReady: true, hasRun: true, hasLeft: false }
  test.each<[string, number | NodeJS.Signals, Omit<RunnerExit, 'code' | 'signal'>, boolean]>([
    ['killed at work', 'SIGKILL', WORKING, true],
    ['killed while it started', 'SIGSEGV', FIRST, true],
    ['a handler that calls process.exit(0)', 0, WORKING, true],
    ['drained by a signal of its own', 0, { ...WORKING, hasLeft: true }, false],
    ['forced by signals of its own', 130, WORKING, false],
    ['failed at work', 1, WORKING, true],
    ['failed at work, after it left its groups', 1, { ...WORKING, hasLeft: true }, true],
    ['a handler that exits by a code of ours', 2, WORKING, true],
    ['an invalid call or configuration', 2, FIRST, false],
    ['a configuration that became invalid', 2, AGAIN, false],
    ['an agent that does not exist', 4, FIRST, false],
    ['topics that break a promise', 6, FIRST, false],
    ['a first start without a broker or a topic', 1, FIRST, false],
    ['a restart without a broker', 1, AGAIN, true],
    ['an exit code that is not ours', 7, FIRST, true],
  ])('%s (%s): restarted or not', (_, how, known, expected) => {
    const exit = typeof how === 'number' ? { code: how, signal: null } : { code: null, signal: how }
    expect(isCrash({ ...exit, ...known })).toBe(expected)
  })
})

describe('the supervisor', () => {
  test.each<[SupervisorState, SupervisorEvent, SupervisorState]>([
    [FIRST_STATE, READY, { kind: 'running', crashes: 0, sinceMs: NOW_MS }],
    [FIRST_STATE, INTERRUPTED, DRAINING],
    [FIRST_STATE, exited(1, true), { kind: 'ended', exitCode: 1 }],
    [FIRST_STATE, exited(6, true), { kind: 'ended', exitCode: 6 }],
    [FIRST_STATE, exited('SIGKILL'), { kind: 'waiting', crashes: 1, hasRun: false, delayMs: 250 }],
    [STARTING, READY, { kind: 'running', crashes: 2, sinceMs: NOW_MS }],
    [STARTING, INTERRUPTED, DRAINING],
    [STARTING, exited(2, true), { kind: 'ended', exitCode: 2 }],
    [STARTING, exited(1, true), { kind: 'waiting', crashes: 3, hasRun: true, delayMs: 1_000 }],
    [RUNNING, INTERRUPTED, DRAINING],
    [RUNNING, exited(0, true), { kind: 'ended', exitCode: 0 }],
    [RUNNING, exited('SIGKILL'), { kind: 'waiting', crashes: 3, hasRun: true, delayMs: 1_000 }],
    [WAITING, DUE, STARTING],
    [WAITING, INTERRUPTED, { kind: 'ended', exitCode: 0 }],
    [DRAINING, INTERRUPTED, FORCING],
    [DRAINING, exited(0, true), { kind: 'ended', exitCode: 0 }],
    [DRAINING, exited(1), { kind: 'ended', exitCode: 1 }],
    [DRAINING, exited('SIGKILL'), { kind: 'ended', exitCode: 1 }],
    [DRAINING, exited('SIGINT'), { kind: 'ended', exitCode: 130 }],
    [FORCING, exited('SIGKILL'), { kind: 'ended', exitCode: 130 }],
    [FORCING, exited(0, true), { kind: 'ended', exitCode: 130 }],
  ])('%o, %o', (state, event, next) => {
    expect(nextState(state, event, NOW_MS)).toEqual(next)
  })

  test.each<[SupervisorEvent, readonly SupervisorState[]]>([
    [READY, [RUNNING, WAITING, DRAINING, FORCING, ENDED]],
    [DUE, [FIRST_STATE, RUNNING, DRAINING, FORCING, ENDED]],
    [INTERRUPTED, [FORCING, ENDED]],
    [exited('SIGKILL'), [WAITING, ENDED]],
  ])('%o changes nothing where it has no meaning', (event, states) => {
    for (const state of states) expect(nextState(state, event, NOW_MS)).toBe(state)
  })

  test('a crash after a healthy spell counts as the first', () => {
    const crashAfter = (ms: number) => nextState({ ...RUNNING, sinceMs: NOW_MS - ms }, exited('SIGKILL'), NOW_MS)
    expect(crashAfter(HEALTHY_AFTER_MS)).toMatchObject({ kind: 'waiting', crashes: 1, delayMs: 250 })
    expect(crashAfter(HEALTHY_AFTER_MS - 1)).toMatchObject({ kind: 'waiting', crashes: 3, delayMs: 1_000 })
  })

  const anyEvent = fc.oneof(
    fc.constantFrom(READY, DUE, INTERRUPTED),
    fc
      .tuple(fc.constantFrom<number | NodeJS.Signals>(0, 1, 2, 6, 7, 130, 'SIGKILL', 'SIGTERM'), fc.boolean())
      .map(([how, hasLeft]) => exited(how, hasLeft)),
  )

  test('once it was interrupted it starts nothing more, and the end of its process, if it has one, ends it', () => {
    fc.assert(
      fc.property(fc.constantFrom(...STATES), fc.array(anyEvent), (state, events) => {
        let now = nextState(state, INTERRUPTED, NOW_MS)
        for (const event of events) {
          now = nextState(now, event, NOW_MS)
          expect(['draining', 'forcing', 'ended']).toContain(now.kind)
        }
        expect(nextState(now, exited(0, true), NOW_MS).kind).toBe('ended')
      }),
    )
  })
})
