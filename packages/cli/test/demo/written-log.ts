import {
  type AvroCodec,
  avroCodec,
  type End,
  HEADER,
  idOfRecord,
  subjects,
  TaskResult,
  topicNames,
} from '@towline/contracts'
import { createFleet, type Fleet, resolveConfig } from '@towline/fleet'
import { systemClock } from '@towline/kafka'
import { type RunningBroker, uniqueNamespace } from '@towline/test-brokers'
import type { AccountContext } from '../../src/demo/account.ts'
import { createDigestAgent, digestType } from '../../src/demo/digest-agent.ts'
import { silent } from './silent.ts'

export const RETRY_MS = [1_000, 2_000] as const

/** One record of an agent's topics, written by hand. `id` is a task id. */
export type Written =
  | { readonly kind: 'task'; readonly id: string; readonly life: number }
  /** A record without headers or Avro, as any Kafka client may write it. */
  | { readonly kind: 'stranger' }
  | {
      readonly kind: 'retry'
      readonly id: string
      readonly life: number
      readonly attempt: number
      readonly tier: number
    }
  | {
      readonly kind: 'end'
      readonly id: string
      readonly life: number
      readonly end: End
      readonly mayHaveRun: boolean
      readonly replayId: string | null
    }
  | { readonly kind: 'no end'; readonly value: Buffer | null }
  | { readonly kind: 'letter'; readonly id: string; readonly life: number }
  | { readonly kind: 'resolution'; readonly id: string; readonly life: number }
  | { readonly kind: 'replay'; readonly id: string }

/** The topics of the demo's agent type in a namespace of their own, without any runner. */
export class WrittenLog {
  readonly context: AccountContext
  readonly #fleet: Fleet
  readonly #codec: AvroCodec<TaskResult>
  readonly #writerId: number

  private constructor(fleet: Fleet, context: AccountContext, writerId: number) {
    this.#fleet = fleet
    this.context = context
    this.#codec = avroCodec(TaskResult, fleet.schemas)
    this.#writerId = writerId
  }

  static async on(broker: RunningBroker): Promise<WrittenLog> {
    const namespace = uniqueNamespace()
    const agents = [createDigestAgent({ lexiconUrl: 'http://nowhere', isFixed: false })]
    const settings = { brokers: broker.brokers.join(), 'registry.url': broker.registry, namespace }
    const fleet = await createFleet(resolveConfig({ agents }, settings), { clock: systemClock, log: silent })
    await fleet.topics.apply()
    const writerId = await fleet.schemas.register(subjects(digestType.type, namespace).results, TaskResult.text)
    const [reader, admin] = await Promise.all([fleet.reader(), fleet.admin()])
    const context = { reader, admin, schemas: fleet.schemas, agentType: digestType.type, namespace }
    return new WrittenLog(fleet, context, writerId)
  }

  get resultsTopic(): string {
    return topicNames(digestType.type, this.context.namespace).results
  }

  /** Writes a record; for a stranger, returns the id that its position gives it. */
  async write(written: Written): Promise<string | undefined> {
    const names = topicNames(digestType.type, this.context.namespace)
    const send = async (topic: string, key: string, value: Buffer | null, headers: Record<string, string>) =>
      await (await this.#fleet.sender()).send({ topic }, { key: Buffer.from(key), value, headers })
    const task = Buffer.from('the account does not look at inputs')
    switch (written.kind) {
      case 'task':
        await send(names.tasks, written.id, task, headersOf(written))
        return undefined
      case 'stranger': {
        const { partition, offset } = await send(names.tasks, 'stranger', Buffer.from('no Avro at all'), {})
        return idOfRecord(names.tasks, partition, offset)
      }
      case 'retry': {
        const headers = { ...headersOf(written), [HEADER.attempt]: String(written.attempt) }
        await send(names.retry(written.tier), written.id, task, headers)
        return undefined
      }
      case 'end':
        await send(names.results, written.id, this.#codec.encode(resultOf(written, names.tasks), this.#writerId), {})
        return undefined
      case 'no end':
        await send(names.results, 'key', written.value, {})
        return undefined
      case 'letter':
        await send(names.dlq, written.id, task, { ...headersOf(written), [HEADER.deadReason]: 'terminal' })
        return undefined
      case 'resolution': {
        const resolves = `${written.id}/${written.life}`
        await send(names.dlq, written.id, null, { [HEADER.resolves]: resolves, [HEADER.resolvedAs]: 'redriven' })
        return undefined
      }
      case 'replay':
        await send(names.replay, written.id, task, { [HEADER.ceId]: written.id, [HEADER.replay]: 'a-replay' })
        return undefined
    }
  }

  async close(): Promise<void> {
    const { admin, namespace } = this.context
    await admin.deleteTopics((await admin.topicNames()).filter((topic) => topic.startsWith(`${namespace}.`)))
    await this.#fleet.close()
  }
}

function headersOf({ id, life }: { readonly id: string; readonly life: number }): Record<string, string> {
  return { [HEADER.ceId]: id, ...(life === 1 ? {} : { [HEADER.life]: String(life) }) }
}

function resultOf(written: Extract<Written, { kind: 'end' }>, topic: string): TaskResult {
  const { id: taskId, life, end, mayHaveRun, replayId } = written
  return {
    taskId,
    life,
    end,
    reason: end === 'dead-lettered' ? 'terminal' : null,
    attempts: 1,
    mayHaveRun,
    runnerId: 'by-hand',
    origin: { topic, partition: 0, offset: 0 },
    queuedAt: 1,
    startedAt: 2,
    finishedAt: 3,
    failure: null,
    parent: null,
    replayId,
    output: null,
  }
}
