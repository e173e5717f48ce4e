import { type AttemptRequest, SnoozeError, type TaskContext, TerminalError } from '@towline/contracts'
import { expect, test } from 'vitest'
import { createInProcessHost } from '../src/index.ts'
import { attemptRequest } from './attempt-request.ts'
import { digestAgent } from './digest-agent.ts'

test('gives the handler its input and returns what it returned', async () => {
  const host = createInProcessHost(digestAgent(async (input) => input.text.length))
  expect(await host.run(attemptRequest())).toEqual({ kind: 'returned', output: 5 })
})

test('a handler may return without a promise', async () => {
  const host = createInProcessHost(digestAgent((input) => input.text))
  expect(await host.run(attemptRequest())).toEqual({ kind: 'returned', output: 'hello' })
})

const thrown: [string, unknown][] = [
  ['an Error', new Error('boom')],
  ['a TerminalError', new TerminalError('never')],
  ['a SnoozeError', new SnoozeError(1_800_000_000_000)],
  ['undefined', undefined],
  ['null', null],
  ['a string', 'boom'],
  [
    'an object whose properties throw',
    new Proxy(
      {},
      {
        get: () => {
          throw new Error('trap')
        },
      },
    ),
  ],
]

test.each(thrown)('a rejection with %s is a result that holds it unchanged', async (_, value) => {
  const host = createInProcessHost(digestAgent(() => Promise.reject(value)))
  const result = await host.run(attemptRequest())
  expect(result.kind).toBe('threw')
  expect(result.kind === 'threw' && Object.is(result.thrown, value)).toBe(true)
})

test.each(thrown)('%s thrown before the first await is a result, not a throw out of run', async (_, value) => {
  const host = createInProcessHost(
    digestAgent((): never => {
      throw value
    }),
  )
  const result = await host.run(attemptRequest())
  expect(result.kind === 'threw' && Object.is(result.thrown, value)).toBe(true)
})

test('settles only when the handler has, however late that is after the abort', async () => {
  const abort = new AbortController()
  let finish = (): void => {}
  const host = createInProcessHost(
    digestAgent(
      (_, context) =>
        new Promise<boolean>((resolve) => {
          finish = () => resolve(context.signal.aborted)
        }),
    ),
  )
  let settled = false
  const running = host.run(attemptRequest({}, { signal: abort.signal })).finally(() => {
    settled = true
  })
  abort.abort(new Error('drain'))
  await new Promise((resolve) => setImmediate(resolve))
  expect(settled).toBe(false)
  finish()
  expect(await running).toEqual({ kind: 'returned', output: true })
})

async function contextOf(request: AttemptRequest): Promise<TaskContext> {
  let seen: TaskContext | undefined
  await createInProcessHost(
    digestAgent((_, context) => {
      seen = context
    }),
  ).run(request)
  if (seen === undefined) throw new Error('the handler did not run')
  return seen
}

test('the context tells the attempt as its envelope does', async () => {
  const context = await contextOf(
    attemptRequest(
      {
        key: Buffer.from('session-7 é'),
        life: 2,
        attempt: 3,
        tenant: 'acme',
        deadlineAtMs: 1_700_000_060_000,
        replayId: '018f3c5e-0000-7000-8000-000000000001',
      },
      { mayHaveRun: true },
    ),
  )
  expect(context).toMatchObject({
    taskId: '018f3c5e-6d2a-7c1b-9f00-0123456789ab',
    life: 2,
    attempt: 3,
    mayHaveRun: true,
    isReplay: true,
    key: 'session-7 é',
    tenant: 'acme',
    deadlineAtMs: 1_700_000_060_000,
  })
})

test('what a task does not have is null in its context, and it is no replay', async () => {
  expect(await contextOf(attemptRequest())).toMatchObject({
    key: null,
    tenant: null,
    deadlineAtMs: null,
    isReplay: false,
    mayHaveRun: false,
  })
})

test('progress and children go to the runner, also when taken off the context', async () => {
  const reported: unknown[] = []
  const published: unknown[] = []
  const child = digestAgent(() => 1).agentType
  const { progress, publish } = await contextOf(
    attemptRequest(
      {},
      {
        reportProgress: (value) => reported.push(value),
        publishChild: async (type, input, options) => {
          published.push([type.type, input, options])
          return { taskId: 'child-1' }
        },
      },
    ),
  )
  progress({ done: 3 })
  expect(await publish(child, { text: 'part' }, { name: 'a' })).toEqual({ taskId: 'child-1' })
  expect(reported).toEqual([{ done: 3 }])
  expect(published).toEqual([['digest', { text: 'part' }, { name: 'a' }]])
})

test('close ends nothing: it settles while an attempt runs, and the attempt finishes', async () => {
  let finish = (): void => {}
  const host = createInProcessHost(
    digestAgent(
      () =>
        new Promise<number>((resolve) => {
          finish = () => resolve(1)
        }),
    ),
  )
  const running = host.run(attemptRequest())
  await host.close()
  await host.close()
  finish()
  expect(await running).toEqual({ kind: 'returned', output: 1 })
})
