import { context, SpanKind, SpanStatusCode, TraceFlags, trace } from '@opentelemetry/api'
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks'
import { InMemorySpanExporter, type ReadableSpan, SimpleSpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace'
import { HEADER, headerText } from '@towline/contracts'
import { type RunningBroker, testBrokers } from '@towline/test-brokers'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { type Bench, openBench } from './bench.ts'
import { echo } from './echo-agent.ts'
import { EndWriter } from './tiny-runner.ts'

let broker: RunningBroker
let bench: Bench
let exporter: InMemorySpanExporter

beforeAll(async () => {
  const started = await testBrokers({})[0]?.start()
  if (started === undefined) throw new Error('there is always a dev broker')
  broker = started
  bench = await openBench(broker)
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable())
})
afterAll(async () => {
  context.disable()
  await bench[Symbol.asyncDispose]()
  await broker.stop()
})
afterEach(() => trace.disable())

function record(): void {
  exporter = new InMemorySpanExporter()
  trace.setGlobalTracerProvider(new TracerProvider({ spanProcessors: [new SimpleSpanProcessor({ exporter })] }))
}

function spanNamed(name: string): ReadableSpan {
  const [span, ...others] = exporter.getFinishedSpans().filter((finished) => finished.name === name)
  if (span === undefined || others.length > 0) throw new Error(`expected one span ${name}, got ${others.length + 1}`)
  return span
}

async function traceparentOf(taskId: string): Promise<string | undefined> {
  const records = await bench.records(bench.topics.tasks)
  const found = records.find(({ headers }) => headerText(headers, HEADER.ceId) === taskId)
  return found === undefined ? 'no record' : headerText(found.headers, HEADER.traceparent)
}

test('a publish is a producer span, a child of the active one, and its context travels with the task', async () => {
  record()
  const towline = await bench.connect()
  const tracer = trace.getTracer('service')
  const task = await tracer.startActiveSpan('request', async (request) => {
    const published = await towline.publish(echo, { text: 'hi', times: 1 })
    request.end()
    return published
  })
  const span = spanNamed('publish echo')
  expect(span.kind).toBe(SpanKind.PRODUCER)
  expect(span.parentSpanContext?.spanId).toBe(spanNamed('request').spanContext().spanId)
  expect(span.attributes).toMatchObject({
    'messaging.system': 'kafka',
    'messaging.operation.name': 'publish',
    'messaging.destination.name': bench.topics.tasks,
    'messaging.destination.partition.id': String(task.partition),
    'messaging.kafka.offset': task.offset,
    'messaging.message.id': task.taskId,
  })
  const { traceId, spanId } = span.spanContext()
  expect(await traceparentOf(task.taskId)).toBe(`00-${traceId}-${spanId}-01`)
})

test('a refused publish is a span with the error code', async () => {
  record()
  const towline = await bench.connect()
  await expect(towline.publish(echo, { text: 1 as never, times: 1 })).rejects.toThrow()
  const span = spanNamed('publish echo')
  expect(span.status.code).toBe(SpanStatusCode.ERROR)
  expect(span.attributes['error.type']).toBe('TOWLINE_SCHEMA_MISMATCH')
})

test('the wait for a result is a span linked to the publish, with how the task ended', async () => {
  record()
  const towline = await bench.connect()
  const ends = new EndWriter(bench)
  const task = await towline.publish(echo, { text: 'hi', times: 1 })
  await ends.write({ taskId: task.taskId, life: 1 }, { end: 'succeeded', echo: 'hi' })
  await task.result({ timeout: '10s' })
  const span = spanNamed('result echo')
  expect(span.attributes).toMatchObject({ 'messaging.message.id': task.taskId, 'towline.task.end': 'succeeded' })
  expect(span.links[0]?.context.spanId).toBe(spanNamed('publish echo').spanContext().spanId)
})

test('without tracing a task carries no trace context; an active one of another making is passed on', async () => {
  const towline = await bench.connect()
  const untraced = await towline.publish(echo, { text: 'hi', times: 1 })
  expect(await traceparentOf(untraced.taskId)).toBeUndefined()
  const remote = { traceId: 'a'.repeat(32), spanId: 'b'.repeat(16), traceFlags: TraceFlags.NONE }
  const traced = await context.with(trace.setSpanContext(context.active(), remote), () =>
    towline.publish(echo, { text: 'hi', times: 1 }),
  )
  expect(await traceparentOf(traced.taskId)).toBe(`00-${remote.traceId}-${remote.spanId}-00`)
})

test.each(['onStart', 'onEnd'] as const)(
  'tracing that throws in %s loses the span and nothing else',
  async (moment) => {
    const broken = {
      onStart(): void {},
      onEnd(): void {},
      forceFlush: async () => {},
      shutdown: async () => {},
      [moment]: () => {
        throw new Error('exporter fell over')
      },
    }
    trace.setGlobalTracerProvider(new TracerProvider({ spanProcessors: [broken] }))
    const towline = await bench.connect()
    const [outcome] = await towline.publishMany(echo, [{ input: { text: 'hi', times: 1 } }])
    expect(outcome?.kind).toBe('published')
    await towline.flush()
  },
)
