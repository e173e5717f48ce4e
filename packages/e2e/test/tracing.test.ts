import { context, trace } from '@opentelemetry/api'
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks'
import { InMemorySpanExporter, type ReadableSpan, SimpleSpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace'
import { defineAgent } from '@towline/contracts'
import { testBrokers } from '@towline/test-brokers'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { TestFleet } from './test-fleet.ts'
import { workType } from './work.ts'

let exporter: InMemorySpanExporter

beforeEach(() => {
  exporter = new InMemorySpanExporter()
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable())
  trace.setGlobalTracerProvider(new TracerProvider({ spanProcessors: [new SimpleSpanProcessor({ exporter })] }))
})
afterEach(() => {
  trace.disable()
  context.disable()
})

function spansNamed(name: string): readonly ReadableSpan[] {
  return exporter.getFinishedSpans().filter((span) => span.name === name)
}

describe.each(testBrokers())('on $name', ({ start }) => {
  test('a task is one trace: its publish, both attempts of it, what the handler did, and its result', async () => {
    await using broker = await start()
    const type = workType('traced')
    const agent = defineAgent(type, {
      retry: { delays: ['1s'], tiers: ['1s'] },
      run: async (work, { attempt, span }) => {
        await span('think', async () => {})
        if (attempt === 1) throw new Error('not yet')
        return work
      },
    })
    await using fleet = await TestFleet.start(broker, [agent])
    await using runner = await fleet.fleet.runner()
    await runner.start()
    const towline = await fleet.fleet.connect()
    const task = await towline.publish(type, { n: 1, note: 'x' })
    await task.result({ timeout: '20s' })

    const [publish] = spansNamed('publish traced')
    const [result] = spansNamed('result traced')
    const attempts = spansNamed('attempt traced')
    const traceId = publish?.spanContext().traceId
    expect(attempts.map((span) => span.attributes['towline.outcome'])).toEqual(['failed', 'succeeded'])
    for (const attempt of attempts) {
      expect(attempt.spanContext().traceId).toBe(traceId)
      expect(attempt.parentSpanContext?.spanId).toBe(publish?.spanContext().spanId)
    }
    const thoughts = spansNamed('think').map((span) => span.parentSpanContext?.spanId)
    expect(thoughts).toEqual(attempts.map((span) => span.spanContext().spanId))
    expect(result?.links.map((link) => link.context.traceId)).toEqual([traceId])
  })
})
