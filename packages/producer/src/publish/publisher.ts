import { type AgentType, type AvroCodec, type AvroSchema, avroCodec, type Clock } from '@towline/contracts'
import {
  FlushEpochs,
  OrderedAnswer,
  type OutgoingRecord,
  type RecordSender,
  SendDropped,
  type SendGuard,
  type SendReceipt,
  type SendTarget,
} from '@towline/kafka'
import type { SentTask } from '../published-task.ts'
import { type PreparedAgent, type PrepareTools, prepareAgent } from './prepared-agent.ts'
import { payloadTooLarge, tooManyUnprepared } from './publish-errors.ts'
import type { PublishOptions } from './publish-options.ts'
import { TowlineSpan } from './publish-span.ts'
import { draftTask, type TaskDraft } from './task-draft.ts'

export interface PublisherTools extends PrepareTools {
  readonly sender: RecordSender
  readonly clock: Clock
}

/** A task on its way to the sender. */
interface Publication {
  readonly draft: TaskDraft
  /** The encoded input; its schema id is filled in when that is known. */
  readonly value: Buffer
  readonly publishedAtMs: number
  readonly span: TowlineSpan
  readonly signal: AbortSignal | undefined
}

/** Publishes that may wait for the schema id of their agent type: the sender, which counts bytes, does not have them yet. */
const MAX_UNPREPARED = 10_000
const UNKNOWN_SCHEMA_ID = 0
/** In the Confluent wire format, behind the magic byte. */
const SCHEMA_ID_AT = 1

/** Turns inputs into records and sends them, tasks of one agent type in the order of the calls. */
export class Publisher {
  readonly #tools: PublisherTools
  readonly #agents = new WeakMap<AgentType<unknown, unknown>, OrderedAnswer<PreparedAgent>>()
  readonly #codecs = new WeakMap<AvroSchema<unknown>, AvroCodec<unknown>>()
  readonly #epochs = new FlushEpochs()
  #unprepared = 0

  constructor(tools: PublisherTools) {
    this.#tools = tools
  }

  /** Resolves when every publish made before has settled, those included that wait for a schema id. */
  flush(): Promise<void> {
    return this.#epochs.flush()
  }

  /** Not an async function: each of those keeps its frame for every task on its way. */
  publish<I>(agentType: AgentType<I, unknown>, input: I, options: PublishOptions): Promise<SentTask> {
    const span = TowlineSpan.publish(agentType.type)
    const epoch = this.#epochs.enter()
    return this.#publish(agentType, input, options, span).then(
      (sent) => {
        span.succeed()
        this.#epochs.leave(epoch)
        return sent
      },
      (error: unknown) => {
        span.fail(error)
        this.#epochs.leave(epoch)
        throw error
      },
    )
  }

  #publish<I>(
    agentType: AgentType<I, unknown>,
    input: I,
    options: PublishOptions,
    span: TowlineSpan,
  ): Promise<SentTask> {
    try {
      const publication = this.#begin(agentType, input, options, span)
      const agent = this.#prepared(agentType).known
      return agent === undefined ? this.#sendWhenPrepared(agentType, publication) : this.#send(agent, publication)
    } catch (error) {
      return Promise.reject(error)
    }
  }

  #sendWhenPrepared(agentType: AgentType<unknown, unknown>, publication: Publication): Promise<SentTask> {
    return new Promise((resolve, reject) => {
      const send = (agent: PreparedAgent): void => {
        try {
          this.#send(agent, publication).then(resolve, reject)
        } catch (error) {
          reject(error)
        }
      }
      this.#whenPrepared(agentType, send, reject)
    })
  }

  /** Resolves when the first publish of an agent type need not wait for anything but Kafka, or cannot be prepared now. */
  prepare(agentType: AgentType<unknown, unknown>): Promise<void> {
    return new Promise((resolve) => {
      this.#prepared(agentType).use(
        () => resolve(),
        () => resolve(),
      )
    })
  }

  /** Everything about a task but its place in Kafka: fixed at the call, whatever is still to be looked up. */
  #begin<I>(agentType: AgentType<I, unknown>, input: I, options: PublishOptions, span: TowlineSpan): Publication {
    options.signal?.throwIfAborted()
    const nowMs = this.#tools.clock.nowMs()
    const { namespace } = this.#tools
    const { traceparent } = span
    const draft = draftTask(options, { agentType: agentType.type, namespace, nowMs, traceparent })
    span.set(() => ({ 'messaging.message.id': draft.taskId }))
    // Encoded now, whatever the id turns out to be: the caller may change its object as soon as the call returns.
    const value = this.#codecOf(agentType).encode(input, UNKNOWN_SCHEMA_ID)
    return { draft, value, publishedAtMs: nowMs, span, signal: options.signal }
  }

  #codecOf(agentType: AgentType<unknown, unknown>): AvroCodec<unknown> {
    const schema = agentType.input as AvroSchema<unknown>
    let codec = this.#codecs.get(schema)
    if (codec === undefined) {
      codec = avroCodec(schema, this.#tools.registry)
      this.#codecs.set(schema, codec)
    }
    return codec
  }

  #whenPrepared(
    agentType: AgentType<unknown, unknown>,
    ready: (agent: PreparedAgent) => void,
    failed: (error: unknown) => void,
  ): void {
    const prepared = this.#prepared(agentType)
    if (prepared.known !== undefined) {
      ready(prepared.known)
      return
    }
    if (this.#unprepared >= MAX_UNPREPARED) throw tooManyUnprepared(MAX_UNPREPARED)
    this.#unprepared += 1
    const counted = <T>(then: (value: T) => void) => {
      return (value: T): void => {
        this.#unprepared -= 1
        then(value)
      }
    }
    prepared.use(counted(ready), counted(failed))
  }

  #prepared(agentType: AgentType<unknown, unknown>): OrderedAnswer<PreparedAgent> {
    let prepared = this.#agents.get(agentType)
    if (prepared === undefined) {
      prepared = new OrderedAnswer(() => prepareAgent(agentType, this.#tools))
      this.#agents.set(agentType, prepared)
    }
    return prepared
  }

  /** Reaches the sender within the call, so that calls keep their order. @throws TowlineError TOWLINE_PAYLOAD_TOO_LARGE */
  #send(agent: PreparedAgent, { draft, value, publishedAtMs, span, signal }: Publication): Promise<SentTask> {
    value.writeUInt32BE(agent.schemaId, SCHEMA_ID_AT)
    if (value.length > agent.payloadMaxBytes) {
      throw payloadTooLarge(agent.tasksTopic, value.length, agent.payloadMaxBytes)
    }
    const resultsBefore = draft.mayBeOld ? null : (agent.results?.snapshot ?? null)
    const target = { topic: agent.tasksTopic }
    const record = { key: draft.key, value, headers: draft.headers, timestampMs: publishedAtMs }
    const { sender } = this.#tools
    const receipt =
      signal === undefined ? sender.send(target, record) : sendUnlessAborted(sender, { target, record, signal })
    return receipt.then(({ partition, offset }) => {
      span.set(() => ({
        'messaging.destination.name': agent.tasksTopic,
        'messaging.destination.partition.id': String(partition),
        'messaging.kafka.offset': offset,
      }))
      const { taskId, mayBeOld } = draft
      return { taskId, partition, offset, publishedAtMs, resultsBefore, mayBeOld, spanContext: span.context }
    })
  }
}

async function sendUnlessAborted(
  sender: RecordSender,
  { target, record, signal }: { target: SendTarget; record: OutgoingRecord; signal: AbortSignal },
): Promise<SendReceipt> {
  const guard: SendGuard = () => (signal.aborted ? 'drop' : 'send')
  const poke = (): void => sender.poke()
  signal.addEventListener('abort', poke, { once: true })
  try {
    return await sender.send(target, record, guard)
  } catch (error) {
    throw error instanceof SendDropped ? signal.reason : error
  } finally {
    signal.removeEventListener('abort', poke)
  }
}
