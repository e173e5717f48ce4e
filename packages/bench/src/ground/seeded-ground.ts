import type { RoundOutcome } from '../measure/contender-report.ts'
import { countDelivery, type Delivery } from '../measure/delivery.ts'
import type { Measured } from '../measure/stopwatch.ts'
import type { BenchBroker } from './bench-broker.ts'
import type { SeedTask } from './bench-task.ts'
import { RoundGround, type SchemaIds } from './round-ground.ts'

/** What a contender on plain kafkajs has to know to run the tasks of a round. */
export interface PlainJob {
  readonly brokers: string
  readonly tasksTopic: string
  readonly resultsTopic: string
  readonly groupId: string
  readonly records: number
  readonly ids: SchemaIds
}

/** A round's topics with tasks in them, which every contender runs in a group of its own. */
export class SeededGround implements AsyncDisposable {
  readonly round: RoundGround
  readonly #taskIds: readonly string[]

  private constructor(round: RoundGround, taskIds: readonly string[]) {
    this.round = round
    this.#taskIds = taskIds
  }

  static async create(
    broker: BenchBroker,
    tasks: Iterable<SeedTask>,
    options: { readonly taskPartitions?: number } = {},
  ): Promise<SeededGround> {
    const round = await RoundGround.create(broker, options)
    return new SeededGround(round, await round.seed(tasks))
  }

  get records(): number {
    return this.#taskIds.length
  }

  async plainJob(): Promise<PlainJob> {
    const { place, topics } = this.round
    return {
      brokers: place.brokers,
      tasksTopic: topics.tasks,
      resultsTopic: await this.round.plainTopic('results'),
      groupId: `plain-${place.namespace}`,
      records: this.records,
      ids: await this.round.schemaIds(),
    }
  }

  /** Counts what arrived, and checks that the group has committed everything. */
  async outcome({ ms, cpuMs }: Measured, resultsTopic: string, groupId: string): Promise<RoundOutcome> {
    await this.round.assertCommitted(groupId)
    return { ms, cpuMs, delivery: this.deliveryOf(await this.round.idsIn(resultsTopic)) }
  }

  /** Whether the ids of the seeded tasks arrived, each once. */
  deliveryOf(arrived: readonly (string | undefined)[]): Delivery {
    return countDelivery(
      this.#taskIds,
      arrived.map((id) => id ?? ''),
    )
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.round[Symbol.asyncDispose]()
  }
}
