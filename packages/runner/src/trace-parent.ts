import { type Context, isSpanContextValid, ROOT_CONTEXT, type SpanContext, trace } from '@opentelemetry/api'

const TRACEPARENT = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})$/
/** Forbidden by the specification: https://www.w3.org/TR/trace-context/#version */
const INVALID_VERSION = 'ff'

/**
 * The context a W3C `traceparent` names, or the root context when it is absent or invalid. Read here rather than by
 * the global propagator, which a process may set to another format: the header of the wire format is W3C, always.
 */
export function contextOfTraceparent(traceparent: string | undefined): Context {
  if (traceparent === undefined) return ROOT_CONTEXT
  const [, version, traceId, spanId, flags] = TRACEPARENT.exec(traceparent) ?? []
  if (version === undefined || traceId === undefined || spanId === undefined || flags === undefined) return ROOT_CONTEXT
  const spanContext = { traceId, spanId, traceFlags: Number.parseInt(flags, 16) & 1, isRemote: true }
  if (version === INVALID_VERSION || !isSpanContextValid(spanContext)) return ROOT_CONTEXT
  return trace.setSpanContext(ROOT_CONTEXT, spanContext)
}

/** The W3C `traceparent` of a span, or undefined where nothing records it. */
export function traceparentOf(spanContext: SpanContext): string | undefined {
  if (!isSpanContextValid(spanContext)) return undefined
  return `00-${spanContext.traceId}-${spanContext.spanId}-${spanContext.traceFlags.toString(16).padStart(2, '0')}`
}
