import {
  type AgentType,
  avroCodec,
  envelopeHeaders,
  idOfChild,
  parseDuration,
  type SchemaSource,
  subjects,
  type TaskEnvelope,
  TowlineError,
  topicNames,
} from '@towline/contracts'
import { type AdminPort, DEFAULT_MAX_MESSAGE_BYTES, type RecordSender } from '@towline/kafka'
import type { ChildPublisher } from '@towline/runner'
import { given } from './given.ts'

/** What a topic's `max.message.bytes` keeps free for key and headers: a task that was published fits into every move. */
const PAYLOAD_MARGIN_BYTES = 48 * 1024

export interface ChildPublisherParts {
  readonly sender: RecordSender
  readonly admin: Pick<AdminPort, 'describeTopics'>
  readonly schemas: SchemaSource
  readonly namespace: string | undefined
  readonly clock: { nowMs(): number }
}

type Child = Parameters<ChildPublisher['publish']>[0]

/**
 * Publishes the children of running tasks over the runner's own sender. The id of a child follows from its parent's and
 * its name, so that a second attempt of the parent publishes the same task.
 *
 * @throws TowlineError from `publish`: TOWLINE_SCHEMA_MISMATCH, TOWLINE_SCHEMA_UNREGISTERED, TOWLINE_PAYLOAD_TOO_LARGE,
 * TOWLINE_OPTION_INVALID, TOWLINE_DURATION_INVALID, and what `RecordSender.send` throws
 */
export function createChildPublisher(parts: ChildPublisherParts): ChildPublisher {
  const limits = new PayloadLimits(parts.admin)
  return {
    async publish(child) {
      const { agentType, input, parent, name } = child
      const taskId = idOfChild(parent.taskId, name)
      const topic = topicNames(agentType.type, parts.namespace).tasks
      const schemaId = await schemaIdOf(agentType, parts)
      const value = avroCodec(agentType.input, parts.schemas).encode(input, schemaId)
      await limits.check(topic, value.length)
      const headers = envelopeHeaders({
        taskId,
        parent: parent.taskId,
        ...given({ tenant: parent.tenant, traceparent: parent.traceparent, deadlineAtMs: deadlineOf(child, parts) }),
      })
      await parts.sender.send({ topic }, { key: keyOf(child, taskId), value, headers })
      return { taskId }
    },
  }
}

async function schemaIdOf(
  { type, input }: AgentType<unknown, unknown>,
  { schemas, namespace }: ChildPublisherParts,
): Promise<number> {
  const subject = subjects(type, namespace).tasks
  const id = await schemas.idOf(subject, input.text)
  if (id !== null) return id
  throw new TowlineError('TOWLINE_SCHEMA_UNREGISTERED', `the registry does not have ${input.name} under ${subject}`, {
    value: subject,
    wayOut: 'Register it: towline schemas push',
  })
}

function keyOf({ options }: Child, taskId: string): Buffer {
  if (options.key !== '') return Buffer.from(options.key ?? taskId)
  throw new TowlineError('TOWLINE_OPTION_INVALID', 'key of a child must hold at least one byte', {
    wayOut: 'Leave it out for a task without order',
  })
}

function deadlineOf({ options, parent }: Child, { clock }: ChildPublisherParts): TaskEnvelope['deadlineAtMs'] {
  if (options.deadline === undefined) return parent.deadlineAtMs
  return clock.nowMs() + parseDuration(options.deadline, 'deadline')
}

/** The largest payload of each topic, asked once. */
class PayloadLimits {
  readonly #admin: ChildPublisherParts['admin']
  readonly #maxBytes = new Map<string, Promise<number>>()

  constructor(admin: ChildPublisherParts['admin']) {
    this.#admin = admin
  }

  async check(topic: string, bytes: number): Promise<void> {
    const asked = this.#maxBytes.get(topic) ?? this.#ask(topic)
    this.#maxBytes.set(topic, asked)
    const maxBytes = await asked.catch((error: unknown) => {
      this.#maxBytes.delete(topic)
      throw error
    })
    if (bytes <= maxBytes) return
    throw new TowlineError('TOWLINE_PAYLOAD_TOO_LARGE', `an input of ${bytes} bytes, ${topic} takes ${maxBytes}`, {
      value: bytes,
      bound: maxBytes,
      wayOut: 'Publish a reference to the data, or raise max.message.bytes of the topics',
    })
  }

  async #ask(topic: string): Promise<number> {
    const [description] = await this.#admin.describeTopics([topic])
    const maxMessageBytes = Number(description?.configs['max.message.bytes'] ?? DEFAULT_MAX_MESSAGE_BYTES)
    return maxMessageBytes - PAYLOAD_MARGIN_BYTES
  }
}
