import { context, SpanStatusCode, trace } from '@opentelemetry/api'
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks'
import { InMemorySpanExporter, type ReadableSpan, SimpleSpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace'
import { type HostResult, SnoozeError, type TaskContext } from '@towline/contracts'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { createInProcessHost } from '../src/index.ts'
import { attemptRequest } from './attempt-request.ts'
import { digestAgent } from './digest-agent.ts'

let exporter: InMemorySpanExporter
let manager: AsyncLocalStorageContextManager

beforeEach(() => {
  exporter = new InMemorySpanExporter()
  manager = new AsyncLocalStorageContextManager()
  context.setGlobalContextManager(manager.enable())
  trace.setGlobalTracerProvider(new TracerProvider({ spanProcessors: [new SimpleSpanProcessor({ exporter })] }))
})

afterEach(() => {
  trace.disable()
  context.disable()
})

/** The finished span of that name; there must be exactly one. */
function spanNamed(name: string): ReadableSpan {
  const found = exporter.getFinishedSpans().filter((span) => span.name === name)
  expect(found, `spans named ${name}`).toHaveLength(1)
  return found[0] as ReadableSpan
}

const ATTEMPT = 'attempt'

/** Runs a handler as the runner does: inside the span of its attempt. */
async function runInAttempt(run: Parameters<typeof digestAgent>[0], name = ATTEMPT): Promise<HostResult> {
  return await trace.getTracer('runner').startActiveSpan(name, async (span) => {
    const result = await createInProcessHost(digestAgent(run)).run(attemptRequest())
    span.end()
    return result
  })
}

test('ctx.span makes children of the attempt that nest, across awaits and beside each other', async () => {
  await runInAttempt(async (_, { span }) => {
    await Promise.all([
      span('fetch', async () => {
        await new Promise((resolve) => setImmediate(resolve))
        await span('parse', async () => {})
      }),
      span('summarise', async () => {}),
    ])
  })
  const idOf = (name: string): string => spanNamed(name).spanContext().spanId
  const parentOf = (name: string): string | undefined => spanNamed(name).parentSpanContext?.spanId
  expect(parentOf('fetch')).toBe(idOf(ATTEMPT))
  expect(parentOf('summarise')).toBe(idOf(ATTEMPT))
  expect(parentOf('parse')).toBe(idOf('fetch'))
})

test('two attempts at once keep their spans apart', async () => {
  const handler = async (_: unknown, context: TaskContext) => {
    await new Promise((resolve) => setImmediate(resolve))
    await context.span('child', async () => {})
  }
  await Promise.all([runInAttempt(handler, 'first'), runInAttempt(handler, 'second')])
  const parents = exporter
    .getFinishedSpans()
    .flatMap(({ name, parentSpanContext }) => (name === 'child' ? [parentSpanContext?.spanId] : []))
  expect(parents.sort()).toEqual(
    [spanNamed('first'), spanNamed('second')].map((span) => span.spanContext().spanId).sort(),
  )
})

test('a failure marks the child it happened in, by type and without its message', async () => {
  class FetchFailed extends Error {
    readonly code = 'FETCH_FAILED'
  }
  const result = await runInAttempt((_, context) =>
    context.span('fetch', async () => {
      throw new FetchFailed('secret: 4711')
    }),
  )
  expect(result.kind).toBe('threw')
  const span = spanNamed('fetch')
  expect(span.status).toEqual({ code: SpanStatusCode.ERROR })
  expect(span.attributes['error.type']).toBe('FETCH_FAILED')
  expect(JSON.stringify([span.attributes, span.events, span.status])).not.toContain('4711')
})

test('a snooze is no error', async () => {
  await runInAttempt((_, context) =>
    context.span('poll', async () => {
      throw new SnoozeError(1_800_000_000_000)
    }),
  )
  expect(spanNamed('poll').status.code).toBe(SpanStatusCode.UNSET)
})

test('work runs where the process has no context manager', async () => {
  context.disable()
  const host = createInProcessHost(digestAgent((_, context) => context.span('fetch', async () => 1)))
  expect(await host.run(attemptRequest())).toEqual({ kind: 'returned', output: 1 })
  expect(spanNamed('fetch').status.code).toBe(SpanStatusCode.UNSET)
})

describe('tracing that throws', () => {
  test.each(['onStart', 'onEnd'] as const)('in %s loses the span, never the result', async (moment) => {
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
    const host = createInProcessHost(digestAgent((_, context) => context.span('fetch', async () => 7)))
    expect(await host.run(attemptRequest())).toEqual({ kind: 'returned', output: 7 })
  })
})
