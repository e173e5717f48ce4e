import { idOfReplay, partitionFor } from '@towline/contracts'
import { createRecordSender, type KafkaRecord, type ProducerPort } from '@towline/kafka'
import { VirtualClock } from '@towline/kafka/memory'
import {
  type DryRunCounts,
  dryRunReplay,
  type PlannedReplay,
  planReplay,
  type ReplayPlan,
  type ReplayPorts,
  type ReplayRequest,
} from '../src/index.ts'
import type { LivingPorts } from './faulty-ports.ts'
import { MemoryCluster, type SeedRecord } from './memory-cluster.ts'

export const TASKS = 'digest.tasks'
export const REPLAY = 'digest.replay'

/** One agent's topics in memory, under virtual time. */
export class ReplayWorld {
  readonly clock = new VirtualClock()
  readonly cluster = new MemoryCluster()
  /** How long the cluster takes to acknowledge a send. */
  ackMs = 2

  constructor(partitions = 3) {
    this.cluster.nowMs = () => this.clock.nowMs()
    this.cluster.create(TASKS, partitions)
    this.cluster.create(REPLAY, partitions)
  }

  /** Appends tasks `(partition, key)` a millisecond apart, with their number as value. */
  seed(count: number, of: (index: number) => SeedRecord): void {
    for (let index = 0; index < count; index += 1) {
      this.cluster.append(TASKS, { value: `task ${index}`, timestampMs: 1_600_000_000_000 + index, ...of(index) })
    }
  }

  producer(): ProducerPort {
    return this.cluster.producer(() => new Promise((resolve) => this.clock.after(this.ackMs, resolve)))
  }

  living(): LivingPorts {
    const { clock, cluster } = this
    return { admin: cluster.admin(), reader: cluster.reader(), producer: this.producer(), clock }
  }

  ports(): ReplayPorts {
    const { producer, ...ports } = this.living()
    return { ...ports, sender: createRecordSender(producer, { clock: ports.clock }) }
  }

  async planned(request: Partial<ReplayRequest> = {}): Promise<PlannedReplay> {
    const { cluster, clock } = this
    const ports = { admin: cluster.admin(), reader: cluster.reader(), clock }
    return await planReplay({ agentType: 'digest', by: 'test', all: true, ...request }, ports)
  }

  async plan(request: Partial<ReplayRequest> = {}): Promise<ReplayPlan> {
    return (await this.planned(request)).plan
  }

  async dryRun(plan: ReplayPlan): Promise<DryRunCounts> {
    return await dryRunReplay(plan, { admin: this.cluster.admin(), reader: this.cluster.reader() })
  }

  /** The source records a plan covers, found without any code of the package. */
  covered(plan: ReplayPlan): readonly (KafkaRecord & { readonly partition: number })[] {
    return this.cluster
      .records(plan.source)
      .filter((record) =>
        plan.partitions.some(
          ({ partition, from, to }) => record.partition === partition && record.offset >= from && record.offset < to,
        ),
      )
      .filter(({ key }) => plan.key === null || (key !== null && Buffer.compare(key, plan.key) === 0))
  }

  /** The ids a plan must leave in its target. */
  expectedIds(plan: ReplayPlan): readonly string[] {
    return this.covered(plan)
      .map(({ partition, offset }) => idOfReplay(plan.replayId, plan.source, partition, offset))
      .sort()
  }

  /** The ids that stand in the target, repeats included. */
  sentIds(topic: string = REPLAY): readonly string[] {
    return this.cluster
      .records(topic)
      .map(({ headers }) => String(headers['ce_id']))
      .sort()
  }
}

/** One with tasks of five keys, each where its key belongs. */
export function seededWorld(count = 60): ReplayWorld {
  const world = new ReplayWorld()
  const keyOf = (index: number): string => `key-${index % 5}`
  world.seed(count, (index) => ({ partition: partitionFor(Buffer.from(keyOf(index)), 3), key: keyOf(index) }))
  return world
}
