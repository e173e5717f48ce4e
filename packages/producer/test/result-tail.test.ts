import { newTaskId } from '@towline/contracts'
import { ManualClock, type RunningBroker, testBrokers } from '@towline/test-brokers'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import { EndDecoder } from '../src/results/end-decoder.ts'
import { EndWaiters } from '../src/results/end-waiters.ts'
import { ResultTail } from '../src/results/result-tail.ts'
import type { TaskEnd } from '../src/results/task-end.ts'
import { TaskResults } from '../src/results/task-results.ts'
import { type Bench, openBench } from './bench.ts'
import { EndWriter } from './tiny-runner.ts'

let broker: RunningBroker
let bench: Bench
let ends: EndWriter
let clock: ManualClock
let tail: ResultTail

beforeAll(async () => {
  const started = await testBrokers({})[0]?.start()
  if (started === undefined) throw new Error('there is always a dev broker')
  broker = started
})
afterAll(() => broker.stop())
beforeEach(async () => {
  bench = await openBench(broker, { results: 1 })
  ends = new EndWriter(bench)
  clock = new ManualClock()
  const { admin, reader, registry, topics } = bench
  const decoder = new EndDecoder(registry, undefined)
  const ports = { reader: () => Promise.resolve(reader), admin: () => Promise.resolve(admin) }
  tail = new ResultTail({ topic: topics.results, partition: 0 }, { ...ports, decoder, clock, log: undefined })
})
afterEach(async () => {
  tail.close(new Error('the test is over'))
  broker.faults?.clear()
  await bench[Symbol.asyncDispose]()
})

interface Waiting {
  readonly end: Promise<TaskEnd>
  leave(): void
}

function wait(taskId: string, from: number, life = 1): Waiting {
  const { promise, resolve, reject } = Promise.withResolvers<TaskEnd>()
  promise.catch(() => undefined)
  const waiter = { taskId, life, resolve, reject }
  tail.add(waiter, from)
  return { end: promise, leave: () => tail.remove(waiter) }
}

async function write(taskId: string, text: string): Promise<void> {
  await ends.write({ taskId, life: 1 }, { end: 'succeeded', echo: text })
}

test('T1: a waiter behind the tail is served from the stretch before it, one ahead by the tail', async () => {
  const [old, recent, next] = [newTaskId(), newTaskId(), newTaskId()]
  await write(old, 'old')
  await write(recent, 'recent')
  const first = wait(next, 2)
  await write(next, 'next')
  expect(await first.end).toMatchObject({ taskId: next })
  expect(tail.position).toBe(3)
  expect(await wait(old, 0).end).toMatchObject({ taskId: old })
  expect(await wait(recent, 0).end).toMatchObject({ taskId: recent })
  expect(await wait(next, 2).end).toMatchObject({ taskId: next })
})

test('T1: late waiters that come while others are being looked for are served too', async () => {
  const ids = Array.from({ length: 40 }, () => newTaskId())
  for (const id of ids) await write(id, id)
  const started = wait(newTaskId(), ids.length)
  const waits = ids.map((id, n) => wait(id, n))
  expect((await Promise.all(waits.map(({ end }) => end))).map(({ taskId }) => taskId)).toEqual(ids)
  started.leave()
})

test('T2: a partition is followed while somebody waits and half a minute longer', async () => {
  const waiting = wait(newTaskId(), 0)
  clock.advance(3_600_000)
  expect(tail.position).toBeDefined()
  waiting.leave()
  clock.advance(29_999)
  expect(tail.position).toBeDefined()
  const another = wait(newTaskId(), 0)
  clock.advance(60_000)
  expect(tail.position).toBeDefined()
  another.leave()
  clock.advance(30_000)
  expect(tail.position).toBeUndefined()
})

test('T2: being served counts as leaving', async () => {
  const id = newTaskId()
  const waiting = wait(id, 0)
  await write(id, 'x')
  await waiting.end
  clock.advance(30_000)
  expect(tail.position).toBeUndefined()
})

test('a position outside the log is replaced by the start of the log', async () => {
  const id = newTaskId()
  await write(id, 'x')
  const waiting = wait(id, 1_000)
  await expect
    .poll(() => {
      clock.advance(500)
      return tail.position
    })
    .toBe(1)
  expect(await waiting.end).toMatchObject({ taskId: id })
})

test('a broker that cuts connections delays a result and does not lose it', async () => {
  const id = newTaskId()
  broker.faults?.add({ api: 'Fetch', drop: true, times: 5 })
  const waiting = wait(id, 0)
  await write(id, 'x')
  let isServed = false
  void waiting.end.then(() => {
    isServed = true
  })
  await expect
    .poll(
      () => {
        clock.advance(500)
        return isServed
      },
      { timeout: 10_000 },
    )
    .toBe(true)
})

test('a results topic that is gone is told to whoever waits', async () => {
  const waiting = wait(newTaskId(), 0)
  await bench.admin.deleteTopics([bench.topics.results])
  await expect(waiting.end).rejects.toMatchObject({ code: 'TOWLINE_TOPIC_MISSING' })
})

test.each(['timeout', 'abort', 'end'])('after a wait that ended by %s nothing is followed any more', async (how) => {
  const { admin, reader, registry, topics } = bench
  const ports = { reader: () => Promise.resolve(reader), admin: () => Promise.resolve(admin) }
  const results = new TaskResults({ ...ports, decoder: new EndDecoder(registry, undefined), clock, log: undefined })
  const taskId = newTaskId()
  const place = { topic: topics.results, partition: 0, from: 0 }
  const controller = new AbortController()
  const waiting = results.end(
    { agentType: 'echo', taskId, life: 1, place },
    { timeout: '1m', signal: controller.signal },
  )
  const settled = waiting.catch((error: unknown) => error)
  expect(results.followedPartitions).toBe(1)
  if (how === 'timeout') clock.advance(60_000)
  if (how === 'abort') controller.abort()
  if (how === 'end') await write(taskId, 'x')
  await settled
  clock.advance(30_000)
  expect(results.followedPartitions).toBe(0)
})

test('waiters leave nothing behind: served, refused, or gone by themselves', () => {
  const waiters = new EndWaiters()
  const outcomes: unknown[] = []
  const waiter = (taskId: string, life: number) => ({
    taskId,
    life,
    resolve: (end: TaskEnd) => outcomes.push([taskId, end.life]),
    reject: (error: unknown) => outcomes.push([taskId, error]),
  })
  const [a1, a2, b, c] = [waiter('a', 1), waiter('a', 2), waiter('b', 1), waiter('c', 1)]
  for (const each of [a1, a2, b, c]) waiters.add(each)
  waiters.resolve({ taskId: 'a', life: 2 } as TaskEnd)
  expect(waiters.has('a')).toBe(true)
  waiters.remove(a1)
  waiters.remove(a1)
  expect(waiters.has('a')).toBe(false)
  waiters.reject('b', 'no')
  waiters.rejectAll('all')
  expect(outcomes).toEqual([
    ['a', 2],
    ['b', 'no'],
    ['c', 'all'],
  ])
  expect(waiters.isEmpty).toBe(true)
})
