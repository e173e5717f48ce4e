import {
  avroCodec,
  defineAgent,
  HEADER,
  headerText,
  newTaskId,
  subjects,
  TaskResult,
  topicNames,
} from '@towline/contracts'
import type { Fleet } from '@towline/fleet'
import type { KafkaRecord } from '@towline/kafka'
import type { PublishItem } from '@towline/producer'
import { countDelivery, type Delivery } from '../measure/delivery.ts'
import type { BenchBroker } from './bench-broker.ts'
import { benchFleet, type FleetPlace } from './bench-fleet.ts'
import { type BenchTask, benchTask, benchType } from './bench-task.ts'

const PLAIN_PARTITIONS = 12
const planned = defineAgent(benchType, { run: ({ n }) => ({ n }) })
let rounds = 0

/** Ids of the schemas a round's records are written with. */
export interface SchemaIds {
  readonly task: number
  readonly result: number
  readonly output: number
}

/** Topics and schemas of one round, under a namespace of its own. Disposing deletes the topics. */
export class RoundGround implements AsyncDisposable {
  readonly place: FleetPlace
  readonly fleet: Fleet

  private constructor(place: FleetPlace, fleet: Fleet) {
    this.place = place
    this.fleet = fleet
  }

  static async create(broker: BenchBroker, options: { readonly taskPartitions?: number } = {}): Promise<RoundGround> {
    rounds += 1
    const namespace = `bench-${Date.now().toString(36)}-${rounds}`
    const place = { brokers: broker.brokers, registry: broker.registry, namespace }
    const fleet = await benchFleet(place, { agents: [planned], ...options })
    await fleet.topics.apply()
    await fleet.registerSchemas()
    return new RoundGround(place, fleet)
  }

  get topics(): ReturnType<typeof topicNames> {
    return topicNames(benchType.type, this.place.namespace)
  }

  /** Creates a topic for a contender that is not Towline. */
  async plainTopic(name: string): Promise<string> {
    const topic = `${this.place.namespace}.plain-${name}`
    const admin = await this.fleet.admin()
    await admin.createTopics([{ topic, partitions: PLAIN_PARTITIONS, replicationFactor: 1, configs: {} }])
    return topic
  }

  async schemaIds(): Promise<SchemaIds> {
    const names = subjects(benchType.type, this.place.namespace)
    const idOf = async (subject: string, text: string): Promise<number> =>
      (await this.fleet.schemas.idOf(subject, text)) ?? -1
    return {
      task: await idOf(names.tasks, benchType.input.text),
      result: await idOf(names.results, TaskResult.text),
      output: await idOf(names.output, benchType.output.text),
    }
  }

  /** Publishes tasks that no contender is timed for. Returns their ids. */
  async seed(items: Iterable<PublishItem<BenchTask>>): Promise<readonly string[]> {
    const towline = await this.fleet.connect()
    return (await towline.publishMany(benchType, items)).map((outcome) => {
      if (outcome.kind === 'failed') throw outcome.error
      return outcome.task.taskId
    })
  }

  /** Publishes `count` unkeyed tasks to these partitions in turn, at once, so that each gets one batch. Returns their ids. */
  async publishTo(topic: string, partitions: readonly number[], count: number): Promise<readonly string[]> {
    const sender = await this.fleet.sender()
    const { task: schemaId } = await this.schemaIds()
    const codec = avroCodec(benchType.input, this.fleet.schemas)
    const ids = Array.from({ length: count }, () => newTaskId())
    await Promise.all(
      ids.map((id, n) => {
        const partition = partitions[n % partitions.length] ?? 0
        const value = codec.encode(benchTask(n), schemaId)
        return sender.send({ topic, partition }, { key: Buffer.from(id), value, headers: { [HEADER.ceId]: id } })
      }),
    )
    return ids
  }

  /** The ids in the `ce_id` headers of a topic, read without a group. */
  async idsIn(topic: string): Promise<readonly string[]> {
    return (await this.recordsIn(topic)).map(({ headers }) => idIn(headers))
  }

  /** Whether the tasks 0 to `count` − 1 stand in a topic, each once, and each under an id of its own. */
  async deliveryOfNumbers(topic: string, count: number): Promise<Delivery> {
    const codec = avroCodec(benchType.input, this.fleet.schemas)
    const numbers: string[] = []
    const ids = new Set<string>()
    for (const { value, headers } of await this.recordsIn(topic)) {
      const decoded = await codec.decode(value)
      if (decoded.kind !== 'decoded') throw new Error(`${topic} holds a record that is no task`)
      numbers.push(String(decoded.value.n))
      ids.add(idIn(headers))
    }
    if (ids.size !== numbers.length) throw new Error(`${topic} has ${ids.size} ids for ${numbers.length} tasks`)
    return countDelivery(
      Array.from({ length: count }, (_, n) => String(n)),
      numbers,
    )
  }

  async recordsIn(topic: string): Promise<readonly KafkaRecord[]> {
    const [admin, reader] = await Promise.all([this.fleet.admin(), this.fleet.reader()])
    const found: KafkaRecord[] = []
    for (const { partition, low, high } of await admin.offsets(topic)) {
      if (low === high) continue
      for await (const { records } of reader.read({ tp: { topic, partition }, from: low, to: high })) {
        for (const record of records) found.push(record)
      }
    }
    return found
  }

  /** Throws unless a group has committed the end of every partition of the tasks topic. */
  async assertCommitted(groupId: string): Promise<void> {
    const admin = await this.fleet.admin()
    const ends = await admin.offsets(this.topics.tasks)
    const tps = ends.map(({ partition }) => ({ topic: this.topics.tasks, partition }))
    const committed = await admin.committed(groupId, tps)
    for (const [index, { partition, high, low }] of ends.entries()) {
      const next = committed[index]?.next ?? low
      if (next !== high) throw new Error(`${groupId} committed ${next} of ${high} in partition ${partition}`)
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const admin = await this.fleet.admin()
    const ours = (await admin.topicNames()).filter((topic) => topic.startsWith(`${this.place.namespace}.`))
    await admin.deleteTopics(ours)
    await this.fleet.close()
  }
}

function idIn(headers: KafkaRecord['headers']): string {
  return headerText(headers, HEADER.ceId) ?? ''
}
