import {
  type Attributes,
  type Context,
  context,
  createContextKey,
  ProxyTracerProvider,
  ROOT_CONTEXT,
  type Span,
  SpanKind,
  SpanStatusCode,
  trace,
} from '@opentelemetry/api'
import type { AttemptOutcome } from '@towline/contracts'
import type { TaskSlot } from './task-slot.ts'
import { contextOfTraceparent, traceparentOf } from './trace-parent.ts'

const TRACER = '@towline/runner'
const PROBE = ROOT_CONTEXT.setValue(createContextKey('towline-probe'), true)

/**
 * The span `attempt <agent>` of one attempt, a child of the publish its task's `traceparent` names. Costs next to nothing
 * where no tracing is set up; tracing that throws loses its span and nothing else.
 */
export class AttemptSpan {
  /** In which the handler runs. */
  readonly context: Context
  /** W3C trace context of the attempt, for the record of the end: of the task where nothing traces it here. */
  readonly traceparent: string | undefined
  readonly #span: Span | undefined

  constructor(slot: TaskSlot, agent: string) {
    const { traceparent } = slot.envelope
    const isTraced = isTracingSetUp()
    const parent = isTraced || isContextKept() ? contextOfTraceparent(traceparent) : ROOT_CONTEXT
    this.#span = isTraced ? startSpan(`attempt ${agent}`, attributesOf(slot, agent), parent) : undefined
    this.context = this.#span === undefined ? parent : trace.setSpan(parent, this.#span)
    this.traceparent = this.#span === undefined ? traceparent : traceparentOf(this.#span.spanContext())
  }

  /** Of a failure the span tells the code alone: a message may quote a payload. Results and dead letters carry it. */
  end(outcome: AttemptOutcome): void {
    try {
      this.#span?.setAttribute('towline.outcome', outcome.kind)
      if ('failure' in outcome) {
        this.#span?.setAttribute('error.type', outcome.failure.code)
        this.#span?.setStatus({ code: SpanStatusCode.ERROR })
      }
      this.#span?.end()
    } catch {
      // The span is lost; the outcome stands.
    }
  }
}

/** A provider may be registered after this module was loaded. */
function isTracingSetUp(): boolean {
  const provider = trace.getTracerProvider()
  return !(provider instanceof ProxyTracerProvider) || provider.getDelegateTracer(TRACER) !== undefined
}

/** Whether `context.with` does anything: it may where nothing traces, for what a handler's own calls pass on. */
function isContextKept(): boolean {
  return context.with(PROBE, isProbeActive)
}

function isProbeActive(): boolean {
  return context.active() === PROBE
}

function startSpan(name: string, attributes: Attributes, parent: Context): Span | undefined {
  try {
    return trace.getTracer(TRACER).startSpan(name, { kind: SpanKind.CONSUMER, attributes }, parent)
  } catch {
    return undefined
  }
}

/** After OpenTelemetry's messaging conventions, where they have a word for it. */
function attributesOf({ tp, record, envelope, attempt, mayHaveRun }: TaskSlot, agent: string): Attributes {
  return {
    'messaging.system': 'kafka',
    'messaging.operation.name': 'attempt',
    'messaging.operation.type': 'process',
    'messaging.destination.name': tp.topic,
    'messaging.destination.partition.id': String(tp.partition),
    'messaging.kafka.offset': record.offset,
    'messaging.message.id': envelope.taskId,
    'towline.agent': agent,
    'towline.life': envelope.life,
    'towline.attempt': attempt,
    'towline.may_have_run': mayHaveRun,
    ...(envelope.replayId === undefined ? {} : { 'towline.replay_id': envelope.replayId }),
  }
}
