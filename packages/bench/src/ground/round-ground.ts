import { randomBytes } from 'node:crypto'
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
import { countDelivery, type Delivery } from '../measure/delivery.ts'
import type { BenchBroker } from './bench-broker.ts'
import { benchFleet, type FleetPlace } from './bench-fleet.ts'
import { benchTask, benchType, type SeedTask } from './bench-task.ts'

const PLAIN_PARTITIONS = 12
/** Of 1 KB they are a sixth of what a sender takes. */
const SEEDED_AT_ONCE = 5_000
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

  /**
   * Writes tasks that no contender is timed for, as a traced service publishes them: with two headers, which a result
   * carries on. Returns their ids.
   */
  async seed(tasks: Iterable<SeedTask>): Promise<readonly string[]> {
    const sender = await this.fleet.sender()
    const { task: schemaId } = await this.schemaIds()
    const codec = avroCodec(benchType.input, this.fleet.schemas)
    const topic = this.topics.tasks
    const ids: string[] = []
    const write = async ({ input, key }: SeedTask): Promise<void> => {
      const id = newTaskId()
      ids.push(id)
      const headers = { [HEADER.ceId]: id, [HEADER.traceparent]: traceparent() }
      await sender.send({ topic }, { key: Buffer.from(key ?? id), value: codec.encode(input, schemaId), headers })
    }
    const waiting = Iterator.from(tasks)
    const writeBatches = async (): Promise<void> => {
      for (let batch = takeTasks(waiting); batch.length > 0; batch = takeTasks(waiting)) {
        await Promise.all(batch.map(write))
      }
    }
    await Promise.all([writeBatches(), writeBatches()])
    return ids
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
    const ids: string[] = []
    for await (const { headers } of this.recordsIn(topic)) ids.push(idIn(headers))
    return ids
  }

  /** Whether the tasks 0 to `count` − 1 stand in a topic, each once, and each under an id of its own. */
  async deliveryOfNumbers(topic: string, count: number): Promise<Delivery> {
    const codec = avroCodec(benchType.input, this.fleet.schemas)
    const numbers: string[] = []
    const ids = new Set<string>()
    for await (const { value, headers } of this.recordsIn(topic)) {
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

  /** What stands in a topic, a partition after the other, read without a group. */
  async *recordsIn(topic: string): AsyncGenerator<KafkaRecord> {
    const [admin, reader] = await Promise.all([this.fleet.admin(), this.fleet.reader()])
    for (const { partition, low, high } of await admin.offsets(topic)) {
      if (low === high) continue
      for await (const { records } of reader.read({ tp: { topic, partition }, from: low, to: high })) yield* records
    }
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

function takeTasks(tasks: Iterator<SeedTask>): readonly SeedTask[] {
  const taken: SeedTask[] = []
  while (taken.length < SEEDED_AT_ONCE) {
    const next = tasks.next()
    if (next.done === true) break
    taken.push(next.value)
  }
  return taken
}

function traceparent(): string {
  return `00-${randomBytes(16).toString('hex')}-${randomBytes(8).toString('hex')}-00`
}

function idIn(headers: KafkaRecord['headers']): string {
  return headerText(headers, HEADER.ceId) ?? ''
}
