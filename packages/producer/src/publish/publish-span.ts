import {
  isSpanContextValid,
  ProxyTracerProvider,
  type Span,
  type SpanContext,
  SpanKind,
  type SpanOptions,
  SpanStatusCode,
  trace,
} from '@opentelemetry/api'

const TRACER = '@towline/producer'

/**
 * The span of one publish or one wait for a result. Costs next to nothing where no tracing is set up; tracing that throws
 * loses its span and nothing else.
 */
export class TowlineSpan {
  static readonly #untraced = new TowlineSpan(undefined)
  readonly #span: Span | undefined

  private constructor(span: Span | undefined) {
    this.#span = span
  }

  static publish(agentType: string): TowlineSpan {
    if (!isTracingSetUp()) return TowlineSpan.#untraced
    const attributes = {
      'messaging.system': 'kafka',
      'messaging.operation.name': 'publish',
      'messaging.operation.type': 'send',
    }
    return new TowlineSpan(startSpan(`publish ${agentType}`, { kind: SpanKind.PRODUCER, attributes }))
  }

  /** Linked to the publish, whose span has ended. */
  static result(agentType: string, taskId: string, published: SpanContext | undefined): TowlineSpan {
    if (!isTracingSetUp()) return TowlineSpan.#untraced
    const attributes = { 'messaging.message.id': taskId }
    const links = published === undefined ? [] : [{ context: published }]
    return new TowlineSpan(startSpan(`result ${agentType}`, { kind: SpanKind.INTERNAL, attributes, links }))
  }

  /** Undefined where nothing traces. */
  get context(): SpanContext | undefined {
    const spanContext = (this.#span ?? trace.getActiveSpan())?.spanContext()
    return spanContext !== undefined && isSpanContextValid(spanContext) ? spanContext : undefined
  }

  /** W3C trace context: of this span, or of the active one where nothing records; undefined where there is neither. */
  get traceparent(): string | undefined {
    const spanContext = this.context
    if (spanContext === undefined) return undefined
    const flags = spanContext.traceFlags.toString(16).padStart(2, '0')
    return `00-${spanContext.traceId}-${spanContext.spanId}-${flags}`
  }

  /** Says what is known only later. `attributes` is called where something records them. */
  set(attributes: () => Readonly<Record<string, string | number>>): void {
    this.#tell((span) => span.setAttributes(attributes()))
  }

  succeed(): void {
    this.#tell((span) => span.end())
  }

  fail(error: unknown): void {
    this.#tell((span) => {
      const message = error instanceof Error ? error.message : String(error)
      const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown'
      span.setAttribute('error.type', code)
      span.setStatus({ code: SpanStatusCode.ERROR, message })
      span.end()
    })
  }

  #tell(what: (span: Span) => void): void {
    if (this.#span === undefined) return
    try {
      what(this.#span)
    } catch {
      // The span is lost; what it is of goes on.
    }
  }
}

/** The tracer is looked up each time: a provider may be set up after this module was loaded. */
function startSpan(name: string, options: SpanOptions): Span | undefined {
  try {
    return trace.getTracer(TRACER).startSpan(name, options)
  } catch {
    return undefined
  }
}

function isTracingSetUp(): boolean {
  const provider = trace.getTracerProvider()
  return !(provider instanceof ProxyTracerProvider) || provider.getDelegateTracer(TRACER) !== undefined
}
