import { SpanKind, SpanStatusCode, trace } from '@opentelemetry/api'
import { InMemorySpanExporter, type ReadableSpan, SimpleSpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace'
import type { AttemptOutcome, TaskEnvelope } from '@towline/contracts'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { AttemptSpan } from '../src/attempt-span.ts'
import { Lane } from '../src/lanes.ts'
import { TaskSlot } from '../src/task-slot.ts'
import { TP, taskRecord } from './partition-bench.ts'

const TRACE_ID = '0af7651916cd43dd8448eb211c80319c'
const PUBLISH_SPAN_ID = 'b7ad6b7169203331'
const TRACEPARENT = `00-${TRACE_ID}-${PUBLISH_SPAN_ID}-01`
const TASK_ID = '018f3c5e-6d2a-7c1b-9f00-0123456789ab'
const succeeded: AttemptOutcome = { kind: 'succeeded', output: null }

let exporter: InMemorySpanExporter

beforeEach(() => {
  exporter = new InMemorySpanExporter()
  trace.setGlobalTracerProvider(new TracerProvider({ spanProcessors: [new SimpleSpanProcessor({ exporter })] }))
})
afterEach(() => trace.disable())

function slotOf(envelope: Partial<TaskEnvelope> = {}): TaskSlot {
  const origin = { ...TP, offset: 42 }
  return new TaskSlot({
    tp: TP,
    record: taskRecord(42),
    envelope: { taskId: TASK_ID, key: null, life: 1, attempt: 1, origin, queuedAtMs: 0, ...envelope },
    lane: new Lane(''),
    bytes: 0,
    mayHaveRun: true,
    spentInPlace: 1,
    inheritedAtMs: undefined,
  })
}

function onlySpan(): ReadableSpan {
  expect(exporter.getFinishedSpans()).toHaveLength(1)
  return exporter.getFinishedSpans()[0] as ReadableSpan
}

test('an attempt is a consumer span in the trace of its publish, with the messaging attributes', () => {
  new AttemptSpan(slotOf({ traceparent: TRACEPARENT }), 'digest').end(succeeded)
  const span = onlySpan()
  expect([span.name, span.kind, span.status.code]).toEqual(['attempt digest', SpanKind.CONSUMER, SpanStatusCode.UNSET])
  expect(span.spanContext().traceId).toBe(TRACE_ID)
  expect(span.parentSpanContext).toMatchObject({ spanId: PUBLISH_SPAN_ID, isRemote: true })
  expect(span.attributes).toEqual({
    'messaging.system': 'kafka',
    'messaging.operation.name': 'attempt',
    'messaging.operation.type': 'process',
    'messaging.destination.name': 'digest.tasks',
    'messaging.destination.partition.id': '0',
    'messaging.kafka.offset': 42,
    'messaging.message.id': TASK_ID,
    'towline.agent': 'digest',
    'towline.life': 1,
    'towline.attempt': 2,
    'towline.may_have_run': true,
    'towline.outcome': 'succeeded',
  })
})

test('the record of its end names the attempt as its parent', () => {
  const span = new AttemptSpan(slotOf({ traceparent: TRACEPARENT }), 'digest')
  span.end(succeeded)
  expect(span.traceparent).toBe(`00-${TRACE_ID}-${onlySpan().spanContext().spanId}-01`)
})

test.each([
  ['absent', undefined],
  ['of all zeros', `00-${'0'.repeat(32)}-${PUBLISH_SPAN_ID}-01`],
  ['of the forbidden version', `ff-${TRACE_ID}-${PUBLISH_SPAN_ID}-01`],
  ['cut short', `00-${TRACE_ID}`],
])('a traceparent that is %s starts a trace of its own', (_, traceparent) => {
  new AttemptSpan(slotOf(traceparent === undefined ? {} : { traceparent }), 'digest').end(succeeded)
  expect(onlySpan().parentSpanContext).toBeUndefined()
  expect(onlySpan().spanContext().traceId).not.toBe(TRACE_ID)
})

test('an unsampled publish leaves its attempts unsampled', () => {
  new AttemptSpan(slotOf({ traceparent: TRACEPARENT.replace(/01$/, '00') }), 'digest').end(succeeded)
  expect(exporter.getFinishedSpans()).toEqual([])
})

test('a failure marks the attempt by its code, without its message', () => {
  const failure = { code: 'FETCH_FAILED', message: 'secret: 4711', atMs: 0, attempt: 2 }
  new AttemptSpan(slotOf(), 'digest').end({ kind: 'failed', failure })
  const span = onlySpan()
  expect(span.status).toEqual({ code: SpanStatusCode.ERROR })
  expect(span.attributes).toMatchObject({ 'towline.outcome': 'failed', 'error.type': 'FETCH_FAILED' })
  expect(JSON.stringify([span.attributes, span.events, span.status])).not.toContain('4711')
})

test('a deferral is no error', () => {
  new AttemptSpan(slotOf(), 'digest').end({ kind: 'deferred', dueAtMs: 1, because: 'snooze' })
  expect(onlySpan().status.code).toBe(SpanStatusCode.UNSET)
})

test.each(['onStart', 'onEnd'] as const)('tracing that throws in %s loses the span and nothing else', (moment) => {
  trace.disable()
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
  expect(() => new AttemptSpan(slotOf({ traceparent: TRACEPARENT }), 'digest').end(succeeded)).not.toThrow()
})

test('without tracing there is no trace context to write', () => {
  trace.disable()
  expect(new AttemptSpan(slotOf(), 'digest').traceparent).toBeUndefined()
})
