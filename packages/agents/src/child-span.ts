import { context, type Span, type SpanOptions, SpanStatusCode, type Tracer, trace } from '@opentelemetry/api'
import { failureOf, handlerErrorKind } from '@towline/contracts'

/**
 * Runs `work` inside a child of the active span. A sampler, processor or exporter that throws loses its span and nothing
 * else. Of what `work` throws the span tells the type alone: a message may quote a payload.
 */
export async function inChildSpan<T>(tracer: Tracer, name: string, work: () => Promise<T>): Promise<T> {
  const span = startSpan(tracer, name, {})
  if (span === undefined) return await work()
  try {
    const value = await context.with(trace.setSpan(context.active(), span), work)
    endSpan(span)
    return value
  } catch (thrown) {
    endSpan(span, { thrown })
    throw thrown
  }
}

function startSpan(tracer: Tracer, name: string, options: SpanOptions): Span | undefined {
  try {
    return tracer.startSpan(name, options, context.active())
  } catch {
    return undefined
  }
}

function endSpan(span: Span, failed?: { readonly thrown: unknown }): void {
  try {
    if (failed !== undefined && !isDeferral(failed.thrown)) {
      span.setAttribute('error.type', failureOf(failed.thrown, { atMs: 0, attempt: 0 }).code)
      span.setStatus({ code: SpanStatusCode.ERROR })
    }
    span.end()
  } catch {
    // The span is lost; what it was around stands.
  }
}

function isDeferral(thrown: unknown): boolean {
  const kind = handlerErrorKind(thrown)
  return kind === 'snooze' || kind === 'rate-limited'
}
