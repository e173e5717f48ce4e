import {
  decodeAny,
  HEADER,
  headerText,
  idOfKey,
  isTaskId,
  isTowlineError,
  partitionFor,
  readEnvelope,
} from '@towline/contracts'
import { type RunningBroker, testBrokers, uniqueNamespace } from '@towline/test-brokers'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { connect } from '../src/index.ts'
import { type Bench, openBench } from './bench.ts'
import { echo } from './echo-agent.ts'

async function codeOf(promise: Promise<unknown>): Promise<string> {
  const error = await promise.then(
    () => new Error('it resolved'),
    (thrown: unknown) => thrown,
  )
  return isTowlineError(error) ? error.code : String(error)
}

describe.each(testBrokers())('publishing on $name', ({ start }) => {
  let broker: RunningBroker
  let bench: Bench

  beforeAll(async () => {
    broker = await start()
    bench = await openBench(broker, { maxMessageBytes: 200_000 })
  })
  afterAll(async () => {
    await bench[Symbol.asyncDispose]()
    await broker.stop()
  })

  const recordOf = async (taskId: string) => {
    const records = await bench.records(bench.topics.tasks)
    const found = records.filter(({ headers }) => headerText(headers, HEADER.ceId) === taskId)
    expect(found).toHaveLength(1)
    const [record] = found
    if (record === undefined) throw new Error(`no record of ${taskId}`)
    return { record, ...readEnvelope({ ...record, topic: bench.topics.tasks }) }
  }

  test('a task stands in Kafka where its receipt says, keyed by its new id, with no header it does not need', async () => {
    const towline = await bench.connect()
    const task = await towline.publish(echo, { text: 'hi', times: 2 })
    const { record, envelope, problems } = await recordOf(task.taskId)
    expect(isTaskId(task.taskId)).toBe(true)
    expect({ partition: record.partition, offset: record.offset }).toEqual({
      partition: task.partition,
      offset: task.offset,
    })
    expect(record.key?.toString()).toBe(task.taskId)
    expect(envelope.key).toBeNull()
    expect(Object.keys(record.headers)).toEqual([HEADER.ceId])
    expect(problems).toEqual([])
  })

  test('what is published is the input as it was at the call, also while the schema id is still being asked for', async () => {
    const towline = await bench.connect()
    const input = { text: 'first', times: 1 }
    const first = towline.publish(echo, input)
    input.text = 'second'
    const second = towline.publish(echo, input)
    const published: unknown[] = []
    for (const { taskId } of await Promise.all([first, second])) {
      const { record } = await recordOf(taskId)
      const decoded = await decodeAny(record.value, bench.registry)
      published.push(decoded.kind === 'decoded' ? { ...(decoded.value as object) } : decoded)
    }
    expect(published).toEqual([
      { text: 'first', times: 1 },
      { text: 'second', times: 1 },
    ])
  })

  test('key, deadline, tenant and headers of one’s own are in the record', async () => {
    const towline = await bench.connect()
    const before = Date.now()
    const task = await towline.publish(
      echo,
      { text: 'hi', times: 1 },
      { key: 'session-7', deadline: '1h', tenant: 'acme', headers: { 'x-request': 'r1', 'x-many': ['a', 'b'] } },
    )
    const { record, envelope } = await recordOf(task.taskId)
    expect(record.key?.toString()).toBe('session-7')
    expect(task.partition).toBe(partitionFor(Buffer.from('session-7'), 3))
    expect(envelope).toMatchObject({ tenant: 'acme', life: 1, attempt: 1 })
    expect(envelope.deadlineAtMs).toBeGreaterThanOrEqual(before + 3_600_000)
    expect(envelope.deadlineAtMs).toBeLessThanOrEqual(Date.now() + 3_600_000)
    expect(headerText(record.headers, 'x-request')).toBe('r1')
    expect(record.headers['x-many']).toEqual([Buffer.from('a'), Buffer.from('b')])
  })

  test('a deadline may be a moment', async () => {
    const towline = await bench.connect()
    const deadline = new Date(Date.now() + 5_000)
    const task = await towline.publish(echo, { text: 'hi', times: 1 }, { deadline })
    expect((await recordOf(task.taskId)).envelope.deadlineAtMs).toBe(deadline.getTime())
  })

  test('an idempotency key gives the same task id each time, one per tenant', async () => {
    const towline = await bench.connect()
    const publish = async (tenant?: string): Promise<string> => {
      const options = { idempotencyKey: 'order-1', ...(tenant === undefined ? {} : { tenant }) }
      return (await towline.publish(echo, { text: 'hi', times: 1 }, options)).taskId
    }
    const id = idOfKey(`${bench.namespace}.echo`, undefined, 'order-1')
    expect([await publish(), await publish()]).toEqual([id, id])
    expect(await publish('acme')).toBe(idOfKey(`${bench.namespace}.echo`, 'acme', 'order-1'))
  })

  test('tasks of one key keep the order of the calls, also of those made while schemas were still being looked up', async () => {
    const towline = await bench.connect()
    const publishes = Array.from({ length: 50 }, (_, times) =>
      towline.publish(echo, { text: 'o', times }, { key: 'k' }),
    )
    const tasks = await Promise.all(publishes)
    const offsets = tasks.map(({ offset }) => offset)
    expect(offsets).toEqual(offsets.toSorted((a, b) => a - b))
    expect(new Set(tasks.map(({ partition }) => partition)).size).toBe(1)
  })

  test.each([
    [{ text: 'hi', times: 'twice' }, 'TOWLINE_SCHEMA_MISMATCH'],
    [{ text: 'hi' }, 'TOWLINE_SCHEMA_MISMATCH'],
    [null, 'TOWLINE_SCHEMA_MISMATCH'],
  ])('the input %j does not match the schema and is not sent', async (input, code) => {
    const towline = await bench.connect()
    const before = await bench.records(bench.topics.tasks)
    expect(await codeOf(towline.publish(echo, input as never))).toBe(code)
    expect(await bench.records(bench.topics.tasks)).toHaveLength(before.length)
  })

  test.each([
    [{ headers: { 'towline-life': '2' } }, 'TOWLINE_HEADER_INVALID'],
    [{ headers: { ce_id: 'x' } }, 'TOWLINE_HEADER_INVALID'],
    [{ headers: { big: 'x'.repeat(40_000) } }, 'TOWLINE_HEADER_INVALID'],
    [{ key: 'k'.repeat(40_000) }, 'TOWLINE_HEADER_INVALID'],
    [{ tenant: 't'.repeat(257) }, 'TOWLINE_HEADER_INVALID'],
    [{ idempotencyKey: '' }, 'TOWLINE_HEADER_INVALID'],
    [{ key: '' }, 'TOWLINE_OPTION_INVALID'],
    [{ taskId: 'not-a-uuid' }, 'TOWLINE_OPTION_INVALID'],
    [{ taskId: '0192d0b4-7e1a-7cc3-8f00-000000000001', idempotencyKey: 'a' }, 'TOWLINE_OPTION_INVALID'],
    [{ deadline: 'tomorrow' }, 'TOWLINE_DURATION_INVALID'],
    [{ deadline: new Date(Number.NaN) }, 'TOWLINE_OPTION_INVALID'],
  ])('the options %j are refused', async (options, code) => {
    const towline = await bench.connect()
    expect(await codeOf(towline.publish(echo, { text: 'hi', times: 1 }, options))).toBe(code)
  })

  test('an input as large as the topic takes beside 48 KiB of headers is accepted, one byte more is refused', async () => {
    const towline = await bench.connect()
    const bound = 200_000 - 48 * 1024
    const frameAndFields = 5 + 3 + 1
    const largest = 'x'.repeat(bound - frameAndFields)
    const task = await towline.publish(echo, { text: largest, times: 1 }, { headers: { own: 'h'.repeat(30_000) } })
    expect((await recordOf(task.taskId)).record.value).toHaveLength(bound)
    await expect(towline.publish(echo, { text: `${largest}x`, times: 1 })).rejects.toMatchObject({
      code: 'TOWLINE_PAYLOAD_TOO_LARGE',
      value: bound + 1,
      bound,
    })
  })

  test('a schema the registry does not have is refused with the way out, and found once it is pushed', async () => {
    const namespace = uniqueNamespace()
    await using other = await openBench(broker)
    const towline = await other.connect({ registerSchemas: false })
    await expect(towline.publish(echo, { text: 'hi', times: 1 })).rejects.toMatchObject({
      code: 'TOWLINE_SCHEMA_UNREGISTERED',
      wayOut: expect.stringContaining('towline schemas push'),
    })
    await other.registry.register(`${other.namespace}.echo.tasks-value`, echo.input.text)
    const publish = (): Promise<string> => codeOf(towline.publish(echo, { text: 'hi', times: 1 }))
    await expect.poll(publish, { timeout: 5_000 }).toBe('Error: it resolved')
    expect(namespace).not.toBe(other.namespace)
  })

  test('an agent without topics is refused, and served once they exist', async () => {
    const towline = await bench.connect({ namespace: uniqueNamespace() })
    await expect(towline.publish(echo, { text: 'hi', times: 1 })).rejects.toMatchObject({
      code: 'TOWLINE_TOPIC_MISSING',
      wayOut: expect.stringContaining('towline topics apply'),
    })
  })

  test('publishMany gives an outcome per item at its place, and sends the good ones', async () => {
    const towline = await bench.connect()
    const outcomes = await towline.publishMany(echo, [
      { input: { text: 'a', times: 1 }, key: 'k' },
      { input: { text: 'b', times: 'x' as never } },
      { input: { text: 'c', times: 1 }, headers: { ce_id: 'x' } },
      { input: { text: 'd', times: 1 }, key: 'k' },
    ])
    expect(
      outcomes.map((outcome) => (outcome.kind === 'failed' ? Reflect.get(outcome.error, 'code') : 'published')),
    ).toEqual(['published', 'TOWLINE_SCHEMA_MISMATCH', 'TOWLINE_HEADER_INVALID', 'published'])
  })

  test('publishMany of more than fits into memory waits for room', async () => {
    const towline = await bench.connect({ maxBufferedBytes: 100_000 })
    const items = Array.from({ length: 200 }, () => ({ input: { text: 'x'.repeat(2_000), times: 1 } }))
    const outcomes = await towline.publishMany(echo, items)
    expect(outcomes.filter(({ kind }) => kind === 'failed')).toEqual([])
    expect(outcomes).toHaveLength(200)
  })

  test('single publishes beyond the bound on memory are refused, the others arrive', async () => {
    const towline = await bench.connect({ maxBufferedBytes: 20_000 })
    await towline.publish(echo, { text: 'warm', times: 1 })
    const publishes = Array.from({ length: 20 }, () =>
      codeOf(towline.publish(echo, { text: 'x'.repeat(2_000), times: 1 })),
    )
    const codes = await Promise.all(publishes)
    expect(codes.filter((code) => code === 'TOWLINE_PRODUCER_FULL').length).toBeGreaterThan(0)
    expect(codes.filter((code) => code === 'Error: it resolved').length).toBeGreaterThanOrEqual(8)
    expect(new Set(codes)).toEqual(new Set(['Error: it resolved', 'TOWLINE_PRODUCER_FULL']))
    expect(towline.bufferedBytes).toBe(0)
  })

  test('a publish that was aborted before is not sent', async () => {
    const towline = await bench.connect()
    const reason = new Error('changed my mind')
    const before = await bench.records(bench.topics.tasks)
    await expect(towline.publish(echo, { text: 'hi', times: 1 }, { signal: AbortSignal.abort(reason) })).rejects.toBe(
      reason,
    )
    const controller = new AbortController()
    const publish = towline.publish(echo, { text: 'hi', times: 1 }, { signal: controller.signal })
    controller.abort(reason)
    await expect(publish).rejects.toBe(reason)
    await towline.flush()
    expect(await bench.records(bench.topics.tasks)).toHaveLength(before.length)
  })

  test('flush waits for publishes that are still looking for their schema id', async () => {
    const towline = await bench.connect()
    let isPublished = false
    void towline.publish(echo, { text: 'hi', times: 1 }).then(() => {
      isPublished = true
    })
    await towline.flush()
    expect(isPublished).toBe(true)
  })

  test('close lets what was published arrive and refuses what comes later', async () => {
    const towline = await bench.connect()
    const task = towline.publish(echo, { text: 'last', times: 1 })
    await Promise.all([towline.close(), towline.close()])
    await recordOf((await task).taskId)
    expect(await codeOf(towline.publish(echo, { text: 'late', times: 1 }))).toBe('TOWLINE_PRODUCER_CLOSED')
    const [outcome] = await towline.publishMany(echo, [{ input: { text: 'late', times: 1 } }])
    expect(outcome).toMatchObject({ kind: 'failed', error: { code: 'TOWLINE_PRODUCER_CLOSED' } })
  })

  test('no more than ten thousand publishes wait for the registry; the next is refused at once', async () => {
    await using other = await openBench(broker)
    const towline = await other.connect()
    await broker.registryFaults.setOutage('refuse')
    try {
      const publish = (): Promise<string> => codeOf(towline.publish(echo, { text: 'hi', times: 1 }))
      const waiting = Array.from({ length: 10_000 }, publish)
      expect(await publish()).toBe('TOWLINE_PRODUCER_FULL')
      expect(new Set(await Promise.all(waiting))).toEqual(new Set(['TOWLINE_REGISTRY_UNAVAILABLE']))
    } finally {
      await broker.registryFaults.setOutage(null)
    }
    await expect.poll(() => codeOf(towline.publish(echo, { text: 'hi', times: 1 }))).toBe('Error: it resolved')
  })

  test('with the registry out nothing is published and the error is retriable', async () => {
    await using other = await openBench(broker)
    const towline = await other.connect()
    await broker.registryFaults.setOutage('refuse')
    try {
      await expect(towline.publish(echo, { text: 'hi', times: 1 })).rejects.toMatchObject({
        code: 'TOWLINE_REGISTRY_UNAVAILABLE',
        retriable: true,
      })
    } finally {
      await broker.registryFaults.setOutage(null)
    }
    await towline.publish(echo, { text: 'hi', times: 1 })
    expect(await other.records(other.topics.tasks)).toHaveLength(1)
  })
})

test('a broker that is not there is told at connect', async () => {
  const options = { brokers: '127.0.0.1:1', registry: 'http://127.0.0.1:2' }
  expect(await codeOf(connect(options))).toBe('TOWLINE_BROKER_UNAVAILABLE')
})
