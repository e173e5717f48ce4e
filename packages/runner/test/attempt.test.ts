import type { AgentHost, AttemptOutcome, AttemptRequest, HostResult } from '@towline/contracts'
import { RateLimitedError, RetryAfterError, SnoozeError, TerminalError, TowlineError } from '@towline/contracts'
import { settle, VirtualClock } from '@towline/kafka/memory'
import { describe, expect, test } from 'vitest'
import { Attempt, AttemptAborted } from '../src/attempt.ts'
import { AttemptTimeouts } from '../src/attempt-timeouts.ts'

const task = {
  taskId: 't',
  key: null,
  life: 1,
  attempt: 2,
  origin: { topic: 'a.tasks', partition: 0, offset: 0 },
  queuedAtMs: 0,
}
const silent = { debug() {}, info() {}, warn() {}, error() {}, child: () => silent }

/** A host whose handler is the given function; it settles when that does. */
function hostOf(handler: (request: AttemptRequest) => Promise<HostResult>): AgentHost {
  return { run: handler, close: async () => {} }
}

function start(
  handler: (request: AttemptRequest) => Promise<HostResult>,
  encode = (output: unknown) => Buffer.from(String(output)),
  onSettled = () => {},
  onOverdue = () => {},
) {
  const clock = new VirtualClock()
  const { promise: outcome, resolve: onOutcome } = Promise.withResolvers<AttemptOutcome>()
  const controller = new AbortController()
  const attempt = new Attempt(
    {
      task,
      input: {},
      mayHaveRun: false,
      signal: controller.signal,
      log: silent,
      publishChild: async () => ({ taskId: 'child' }),
      reportProgress: () => {},
    },
    controller,
    {
      host: hostOf(handler),
      clock,
      timeouts: new AttemptTimeouts(1_000, clock),
      abortGraceMs: 100,
      encodeOutput: encode,
    },
    { onOutcome, onOverdue, onSettled },
  )
  return { attempt, outcome, clock }
}

const threw = (thrown: unknown) => async (): Promise<HostResult> => ({ kind: 'threw', thrown })

describe('attempt', () => {
  test('succeeds with the encoded output', async () => {
    const { outcome, clock } = start(async () => ({ kind: 'returned', output: 'done' }))
    expect(await outcome).toEqual({ kind: 'succeeded', output: Buffer.from('done') })
    expect(clock.pending).toBe(0)
  })

  test.each([
    [new Error('boom'), { kind: 'failed' }],
    [undefined, { kind: 'failed' }],
    [new TerminalError('never'), { kind: 'rejected', reason: 'terminal' }],
    [new RetryAfterError(700), { kind: 'failed', retryAfterMs: 700 }],
    [new RetryAfterError(Number.NaN), { kind: 'failed', retryAfterMs: 0 }],
    [new RateLimitedError(300), { kind: 'deferred', because: 'rate-limited', dueAtMs: 1_767_225_600_300 }],
    [new SnoozeError(1_767_225_609_000), { kind: 'deferred', because: 'snooze', dueAtMs: 1_767_225_609_000 }],
    [new SnoozeError(5), { kind: 'deferred', because: 'snooze', dueAtMs: 1_767_225_600_000 }],
  ])('is told by what the handler threw: %s', async (thrown, expected) => {
    expect(await start(threw(thrown)).outcome).toMatchObject(expected)
  })

  test('records the attempt number and the true message of a failure', async () => {
    const outcome = await start(threw(new Error('boom'))).outcome
    expect(outcome).toMatchObject({ failure: { code: 'Error', message: 'boom', attempt: 2 } })
  })

  test.each([
    ['TOWLINE_SCHEMA_MISMATCH', 'terminal'],
    ['TOWLINE_PAYLOAD_TOO_LARGE', 'too-large'],
  ] as const)('is rejected when its output cannot be written: %s', async (code, reason) => {
    const { outcome } = start(
      async () => ({ kind: 'returned', output: 1 }),
      () => {
        throw new TowlineError(code, 'no')
      },
    )
    expect(await outcome).toMatchObject({ kind: 'rejected', reason, failure: { code } })
  })

  test('is timed out once its handler stops at the abort, whatever the handler then returns', async () => {
    const { outcome, clock } = start(
      ({ signal }) =>
        new Promise((resolve) => signal.addEventListener('abort', () => resolve({ kind: 'returned', output: 'late' }))),
    )
    await clock.advance(1_000)
    expect(await outcome).toMatchObject({ kind: 'timed-out', failure: { code: 'TOWLINE_ATTEMPT_TIMEOUT' } })
  })

  test('is timed out at timeout plus grace when its handler ignores the signal, and settles only with the handler', async () => {
    const { promise, resolve } = Promise.withResolvers<HostResult>()
    let told: string | undefined
    let isSettled = false
    const { outcome, clock } = start(
      () => promise,
      undefined,
      () => {
        isSettled = true
      },
    )
    void outcome.then(({ kind }) => {
      told = kind
    })
    await clock.advance(1_099)
    expect(told).toBeUndefined()
    await clock.advance(1)
    await settle()
    expect([told, isSettled]).toEqual(['timed-out', false])
    resolve({ kind: 'returned', output: 'at last' })
    await settle()
    expect(isSettled).toBe(true)
  })

  test('is interrupted at once when its partition is lost, and tells the handler why', async () => {
    let reason: unknown
    const { attempt, outcome } = start(
      ({ signal }) =>
        new Promise(() => {
          signal.addEventListener('abort', () => {
            reason = signal.reason
          })
        }),
    )
    attempt.interrupt('lost')
    expect(await outcome).toEqual({ kind: 'interrupted', by: 'lost' })
    expect(reason).toBeInstanceOf(AttemptAborted)
    expect((reason as AttemptAborted).because).toBe('lost')
  })

  test('T3: a handler that ignores its signal is overdue after the grace; where its partition was lost, after its timeout too', async () => {
    const told: string[] = []
    const ignoring = () =>
      start(
        () => new Promise(() => {}),
        undefined,
        undefined,
        () => told.push('overdue'),
      )
    const timedOut = ignoring()
    await timedOut.clock.advance(1_099)
    expect(told).toEqual([])
    await timedOut.clock.advance(1)
    expect(told).toEqual(['overdue'])

    const lost = ignoring()
    await lost.clock.advance(500)
    lost.attempt.interrupt('lost')
    await lost.clock.advance(599)
    expect(told).toEqual(['overdue'])
    await lost.clock.advance(1)
    expect(told).toEqual(['overdue', 'overdue'])

    const lostInItsGrace = ignoring()
    await lostInItsGrace.clock.advance(1_050)
    lostInItsGrace.attempt.interrupt('lost')
    await lostInItsGrace.clock.advance(50)
    expect(told).toHaveLength(3)
    for (const { clock } of [timedOut, lost, lostInItsGrace]) expect(clock.pending).toBe(0)
  })

  test('a handler that settles before its time is up after its partition was lost is never overdue, and leaves no timer', async () => {
    const told: string[] = []
    const { promise, resolve } = Promise.withResolvers<HostResult>()
    const { attempt, clock } = start(
      () => promise,
      undefined,
      () => told.push('settled'),
      () => told.push('overdue'),
    )
    attempt.interrupt('lost')
    await clock.advance(1_050)
    resolve({ kind: 'returned', output: 'late' })
    await settle()
    expect(told).toEqual(['settled'])
    expect(clock.pending).toBe(0)
  })

  test('counts as succeeded when the handler still finishes within the grace of a drain', async () => {
    const { attempt, outcome, clock } = start(
      ({ signal }) =>
        new Promise((resolve) =>
          signal.addEventListener('abort', () => resolve({ kind: 'returned', output: 'saved' })),
        ),
    )
    attempt.interrupt('drain')
    await clock.advance(0)
    expect((await outcome).kind).toBe('succeeded')
  })

  test('is interrupted when the handler throws because of a drain: no attempt is spent', async () => {
    const { attempt, outcome, clock } = start(
      ({ signal }) =>
        new Promise((resolve) =>
          signal.addEventListener('abort', () => resolve({ kind: 'threw', thrown: new TerminalError('aborted') })),
        ),
    )
    attempt.interrupt('drain')
    await clock.advance(0)
    expect(await outcome).toEqual({ kind: 'interrupted', by: 'drain' })
  })

  test('tells that its handler has settled, and never while it is being made', async () => {
    const throwing = () => {
      throw new Error('a host that breaks its promise')
    }
    for (const handler of [threw(new Error('boom')), throwing]) {
      let isMade = false
      const told: boolean[] = []
      start(handler, undefined, () => told.push(isMade))
      isMade = true
      await settle()
      expect(told).toEqual([true])
    }
  })

  test('leaves no timer behind', async () => {
    const { clock } = start(threw(new Error('x')))
    await settle()
    expect(clock.pending).toBe(0)
  })
})
