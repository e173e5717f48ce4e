import { idOfKey, isTowlineError, newTaskId, partitionFor } from '@towline/contracts'
import { type RunningBroker, testBrokers } from '@towline/test-brokers'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { TaskDeadError } from '../src/index.ts'
import { type Bench, openBench } from './bench.ts'
import { echo } from './echo-agent.ts'
import { type Ending, EndWriter, TinyRunner } from './tiny-runner.ts'

async function codeOf(promise: Promise<unknown>): Promise<string> {
  const error = await promise.then(
    () => new Error('it resolved'),
    (thrown: unknown) => thrown,
  )
  return isTowlineError(error) ? error.code : String(error)
}

const failure = { code: 'ETIMEDOUT', message: 'no answer', atMs: 1_700_000_000_000, attempt: 3 }

/** Ends each task as its text says. */
function asTold({ text }: { readonly text: string }): Ending {
  if (text === 'die') return { end: 'dead-lettered', reason: 'attempts-exhausted', failure }
  if (text === 'cancelled' || text === 'expired') return { end: text }
  return { end: 'succeeded', echo: text }
}

describe.each(testBrokers())('results on $name', ({ start }) => {
  let broker: RunningBroker
  let bench: Bench
  let runner: TinyRunner

  beforeAll(async () => {
    broker = await start()
    bench = await openBench(broker)
    runner = await TinyRunner.start(bench, asTold)
  })
  afterAll(async () => {
    await runner[Symbol.asyncDispose]()
    await bench[Symbol.asyncDispose]()
    await broker.stop()
  })

  test('the result of a task is what its handler returned, however often it is asked for', async () => {
    const towline = await bench.connect()
    const task = await towline.publish(echo, { text: 'hello', times: 1 })
    expect(await task.result({ timeout: '10s' })).toEqual({ echo: 'hello' })
    expect(await task.result({ timeout: '10s' })).toEqual({ echo: 'hello' })
  })

  test('a thousand tasks each get their own result', async () => {
    const towline = await bench.connect()
    const outcomes = await towline.publishMany(
      echo,
      Array.from({ length: 1_000 }, (_, n) => ({ input: { text: `text ${n}`, times: 1 } })),
    )
    const results = await Promise.all(
      outcomes.map(async (outcome) => {
        if (outcome.kind === 'failed') throw outcome.error
        return await outcome.task.result({ timeout: '20s' })
      }),
    )
    expect(results).toEqual(Array.from({ length: 1_000 }, (_, n) => ({ echo: `text ${n}` })))
  })

  test('a task that ended long before its result is asked for still has it', async () => {
    const towline = await bench.connect()
    const early = await towline.publish(echo, { text: 'early', times: 1 })
    const later = Array.from({ length: 300 }, (_, n) => towline.publish(echo, { text: `later ${n}`, times: 1 }))
    for (const task of await Promise.all(later)) await task.result({ timeout: '10s' })
    expect(await early.result({ timeout: '10s' })).toEqual({ echo: 'early' })
  })

  test('the result of a dead task rejects with the failure it died of', async () => {
    const towline = await bench.connect()
    const task = await towline.publish(echo, { text: 'die', times: 1 })
    const error = await task.result({ timeout: '10s' }).catch((thrown: unknown) => thrown)
    expect(error).toBeInstanceOf(TaskDeadError)
    expect(error).toMatchObject({
      code: 'TOWLINE_TASK_DEAD',
      taskId: task.taskId,
      reason: 'attempts-exhausted',
      attempts: 3,
      failure,
      message: expect.stringContaining('ETIMEDOUT: no answer'),
    })
  })

  test('a cancelled and an expired task have errors of their own', async () => {
    const towline = await bench.connect()
    const results = await Promise.all(
      ['cancelled', 'expired'].map(async (text) => {
        const task = await towline.publish(echo, { text, times: 1 })
        return await codeOf(task.result({ timeout: '10s' }))
      }),
    )
    expect(results).toEqual(['TOWLINE_TASK_CANCELLED', 'TOWLINE_TASK_EXPIRED'])
  })

  test('the second publish with one idempotency key has the result of the first, also when that has ended', async () => {
    const towline = await bench.connect()
    const options = { idempotencyKey: 'once' }
    const first = await towline.publish(echo, { text: 'one', times: 1 }, options)
    expect(await first.result({ timeout: '10s' })).toEqual({ echo: 'one' })
    const service = await bench.connect()
    const second = await service.publish(echo, { text: 'two', times: 1 }, options)
    expect(second.taskId).toBe(first.taskId)
    expect(await second.result({ timeout: '10s' })).toEqual({ echo: 'one' })
  })

  test('another process gets a result by task id, and the ends that are retained', async () => {
    const publisher = await bench.connect()
    const task = await publisher.publish(echo, { text: 'far', times: 1 })
    const other = await bench.connect()
    expect(await other.results(echo).of(task.taskId, { timeout: '10s' })).toEqual({ echo: 'far' })
    const [end, ...more] = await other.results(echo).ends(task.taskId)
    expect(end).toMatchObject({ taskId: task.taskId, life: 1, end: 'succeeded', runnerId: 'tiny' })
    expect(more).toEqual([])
  })

  test('a task nobody published has no ends', async () => {
    const towline = await bench.connect()
    expect(await towline.results(echo).ends(newTaskId())).toEqual([])
  })

  test('an id that does not tell its time needs to be told since when to look', async () => {
    const towline = await bench.connect()
    const options = { idempotencyKey: 'undated' }
    const task = await towline.publish(echo, { text: 'undated', times: 1 }, options)
    await task.result({ timeout: '10s' })
    const { taskId } = task
    const results = towline.results(echo)
    await expect(results.of(taskId)).rejects.toMatchObject({
      code: 'TOWLINE_OPTION_INVALID',
      wayOut: expect.stringContaining('since'),
    })
    const since = new Date(Date.now() - 60_000)
    expect(await results.of(taskId, { since, timeout: '10s' })).toEqual({ echo: 'undated' })
    expect(await results.ends(taskId, { since })).toHaveLength(1)
  })
})

describe.each(testBrokers())('waiting for a result on $name', ({ start }) => {
  let broker: RunningBroker
  let bench: Bench
  let ends: EndWriter

  beforeAll(async () => {
    broker = await start()
    bench = await openBench(broker)
    ends = new EndWriter(bench)
  })
  afterAll(async () => {
    await bench[Symbol.asyncDispose]()
    await broker.stop()
  })

  test('the wait ends at its timeout, retriably, and a later wait may succeed', async () => {
    const towline = await bench.connect()
    const task = await towline.publish(echo, { text: 'slow', times: 1 })
    await expect(task.result({ timeout: '50ms' })).rejects.toMatchObject({
      code: 'TOWLINE_RESULT_TIMEOUT',
      retriable: true,
      bound: 50,
    })
    await ends.write({ taskId: task.taskId, life: 1 }, { end: 'succeeded', echo: 'late' })
    expect(await task.result({ timeout: '10s' })).toEqual({ echo: 'late' })
  })

  test('the wait ends when its signal is aborted, with the reason', async () => {
    const towline = await bench.connect()
    const task = await towline.publish(echo, { text: 'slow', times: 1 })
    const controller = new AbortController()
    const result = task.result({ signal: controller.signal })
    const reason = new Error('enough')
    controller.abort(reason)
    await expect(result).rejects.toBe(reason)
    await expect(task.result({ signal: AbortSignal.abort(reason) })).rejects.toBe(reason)
  })

  test('close rejects those who wait', async () => {
    const towline = await bench.connect()
    const task = await towline.publish(echo, { text: 'slow', times: 1 })
    const result = codeOf(task.result())
    await towline.close()
    expect(await result).toBe('TOWLINE_PRODUCER_CLOSED')
    expect(await codeOf(task.result())).toBe('TOWLINE_PRODUCER_CLOSED')
  })

  test('the first end of a life counts, later ones and those of other lives do not', async () => {
    const towline = await bench.connect()
    const task = await towline.publish(echo, { text: 'x', times: 1 })
    await ends.write({ taskId: task.taskId, life: 2 }, { end: 'succeeded', echo: 'of life 2' })
    await ends.write({ taskId: task.taskId, life: 1 }, { end: 'succeeded', echo: 'first' })
    await ends.write({ taskId: task.taskId, life: 1 }, { end: 'cancelled' })
    expect(await task.result({ timeout: '10s' })).toEqual({ echo: 'first' })
    expect(await task.result({ timeout: '10s' })).toEqual({ echo: 'first' })
    const all = await towline.results(echo).ends(task.taskId)
    expect(all.map(({ life, end }) => [life, end])).toEqual([
      [1, 'succeeded'],
      [2, 'succeeded'],
    ])
  })

  test('records of others in the results topic are passed over', async () => {
    const towline = await bench.connect()
    const task = await towline.publish(echo, { text: 'x', times: 1 })
    const key = Buffer.from(task.taskId)
    for (const value of [Buffer.from('not framed'), Buffer.alloc(0), null]) {
      await bench.sender.send({ topic: bench.topics.results }, { key, value, headers: {} })
    }
    await ends.write({ taskId: task.taskId, life: 1 }, { end: 'succeeded', echo: 'real' })
    expect(await task.result({ timeout: '10s' })).toEqual({ echo: 'real' })
  })

  test('waiters for one task and for many are all served, whether they came before the end or after', async () => {
    const towline = await bench.connect()
    const tasks = await Promise.all(['a', 'b', 'c'].map((text) => towline.publish(echo, { text, times: 1 })))
    const before = tasks.flatMap((task) => [task.result({ timeout: '10s' }), task.result({ timeout: '10s' })])
    for (const [n, { taskId }] of tasks.entries()) {
      await ends.write({ taskId, life: 1 }, { end: 'succeeded', echo: `${n}` })
    }
    const after = tasks.map((task) => task.result({ timeout: '10s' }))
    expect(await Promise.all(before)).toEqual(['0', '0', '1', '1', '2', '2'].map((text) => ({ echo: text })))
    expect(await Promise.all(after)).toEqual(['0', '1', '2'].map((text) => ({ echo: text })))
  })

  test('an end within the hour before is found for an idempotency key, though this process was not there', async () => {
    const taskId = idOfKey(`${bench.namespace}.echo`, undefined, 'earlier')
    await ends.write({ taskId, life: 1 }, { end: 'succeeded', echo: 'earlier' })
    const filler = Array.from({ length: 50 }, () => newTaskId()).filter(
      (id) => partitionFor(Buffer.from(id), 2) === partitionFor(Buffer.from(taskId), 2),
    )
    for (const id of filler) await ends.write({ taskId: id, life: 1 }, { end: 'cancelled' })
    const towline = await bench.connect()
    const task = await towline.publish(echo, { text: 'again', times: 1 }, { idempotencyKey: 'earlier' })
    expect(await task.result({ timeout: '10s' })).toEqual({ echo: 'earlier' })
  })

  test('a registry that is out while the result is read is told, and the result is there once it is back', async () => {
    const towline = await bench.connect()
    const task = await towline.publish(echo, { text: 'x', times: 1 })
    await ends.write({ taskId: task.taskId, life: 1 }, { end: 'succeeded', echo: 'kept' })
    await broker.registryFaults.setOutage('refuse')
    try {
      expect(await codeOf(task.result({ timeout: '20s' }))).toBe('TOWLINE_REGISTRY_UNAVAILABLE')
    } finally {
      await broker.registryFaults.setOutage(null)
    }
    expect(await task.result({ timeout: '10s' })).toEqual({ echo: 'kept' })
  })

  test('a bad timeout is refused', async () => {
    const towline = await bench.connect()
    const task = await towline.publish(echo, { text: 'x', times: 1 })
    expect(await codeOf(task.result({ timeout: 'soon' }))).toBe('TOWLINE_DURATION_INVALID')
  })
})
