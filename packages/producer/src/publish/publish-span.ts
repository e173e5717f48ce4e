import {
  isSpanContextValid,
  ProxyTracerProvider,
  type Span,
  type SpanContext,
  SpanKind,
  SpanStatusCode,
  type Tracer,
  trace,
} from '@opentelemetry/api'

const TRACER = '@towline/producer'

/** The span of one publish or one wait for a result. Costs next to nothing where no tracing is set up. */
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
    return new TowlineSpan(tracer().startSpan(`publish ${agentType}`, { kind: SpanKind.PRODUCER, attributes }))
  }

  /** Linked to the publish, whose span has ended. */
  static result(agentType: string, taskId: string, published: SpanContext | undefined): TowlineSpan {
    if (!isTracingSetUp()) return TowlineSpan.#untraced
    const attributes = { 'messaging.message.id': taskId }
    const links = published === undefined ? [] : [{ context: published }]
    return new TowlineSpan(tracer().startSpan(`result ${agentType}`, { kind: SpanKind.INTERNAL, attributes, links }))
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
    this.#span?.setAttributes(attributes())
  }

  succeed(): void {
    this.#span?.end()
  }

  fail(error: unknown): void {
    if (this.#span === undefined) return
    const message = error instanceof Error ? error.message : String(error)
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown'
    this.#span.setAttribute('error.type', code)
    this.#span.setStatus({ code: SpanStatusCode.ERROR, message })
    this.#span.end()
  }
}

/** Looked up each time: a provider may be set up after this module was loaded. */
function tracer(): Tracer {
  return trace.getTracer(TRACER)
}

function isTracingSetUp(): boolean {
  const provider = trace.getTracerProvider()
  return !(provider instanceof ProxyTracerProvider) || provider.getDelegateTracer(TRACER) !== undefined
}
