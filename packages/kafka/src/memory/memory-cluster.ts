import type { Clock } from '@towline/contracts'
import type { KafkaDriver } from '../ports/kafka-driver.ts'
import type { TopicPartition } from '../ports/record.ts'
import { Coordinator } from './broker/coordinator.ts'
import { MemoryFaults } from './broker/faults.ts'
import { Topics } from './broker/topics.ts'
import { Link } from './client/link.ts'
import { MemoryAdmin } from './client/memory-admin.ts'
import { memoryConsumer } from './client/memory-consumer.ts'
import { MemoryProducer } from './client/memory-producer.ts'
import { MemoryReader } from './client/memory-reader.ts'

export interface MemoryClusterOptions {
  /** Time of the cluster: sessions, rebalances, append times. */
  readonly clock: Clock
  /** Nodes that lead partitions, in turn. Default 1. */
  readonly brokers?: number
  /** How long each request and each answer is under way, in milliseconds, asked anew each time. Default 0. */
  readonly latencyMs?: () => number
}

export interface MemoryClient {
  readonly clientId: string
  /** Time as this client has it. Default: the cluster's. */
  readonly clock?: Clock
}

/** The ports of one client, whose network can be cut. */
export interface MemoryDriver extends KafkaDriver {
  /** What it sends is held, and so is what is answered to it, until {@link speak}: the cluster hears nothing of it. */
  silence(): void
  speak(): void
}

/** `refuse`: the brokers are down, and lose no state. `hang`: they run and nothing reaches them. */
export type MemoryOutage = 'refuse' | 'hang'

/**
 * A Kafka cluster in the memory of this process, behind the same ports as the kafkajs driver; with a `VirtualClock` it
 * lives in virtual time. Not modelled: retention, compaction, transactions, replication, authorisation.
 *
 * ```ts
 * const clock = new VirtualClock()
 * const cluster = new MemoryCluster({ clock })
 * const fleet = await createFleet(config, { clock, log, driver: cluster.connect({ clientId: 'runner-1' }) })
 * await clock.advance(3_600_000)
 * ```
 */
export class MemoryCluster {
  readonly faults: MemoryFaults
  readonly #options: Required<MemoryClusterOptions>
  readonly #topics: Topics
  readonly #coordinator: Coordinator
  readonly #outageListeners = new Set<() => void>()
  #outage: MemoryOutage | null = null
  #outages = 0

  constructor(options: MemoryClusterOptions) {
    this.#options = { brokers: 1, latencyMs: () => 0, ...options }
    this.#topics = new Topics(() => options.clock.nowMs())
    // A fetch may wait at the cluster for ever: a fault for it strikes the next one.
    this.faults = new MemoryFaults(({ api }) => {
      if (api === 'Fetch') this.#topics.endWaits()
    })
    this.#coordinator = new Coordinator(options.clock, this.#topics)
  }

  connect({ clientId, clock = this.#options.clock }: MemoryClient): MemoryDriver {
    const { brokers, latencyMs } = this.#options
    const link = new Link({
      clientId,
      clock,
      clusterClock: this.#options.clock,
      latencyMs,
      faults: this.faults,
      outage: () => this.#outage,
      outages: () => this.#outages,
      onOutage: (listener) => {
        this.#outageListeners.add(listener)
        return () => this.#outageListeners.delete(listener)
      },
    })
    const cluster = { topics: this.#topics, coordinator: this.#coordinator, brokers }
    return {
      consumer: (options) => memoryConsumer(link, cluster, options),
      producer: () => link.reach(() => new MemoryProducer(link, cluster)),
      reader: () => link.reach(() => new MemoryReader(link, cluster)),
      admin: () => link.reach(() => new MemoryAdmin(link, cluster)),
      silence: () => link.silence(),
      speak: () => link.speak(),
    }
  }

  /** An outage of the whole cluster, until `null` ends it. Connections that are open are lost. */
  setOutage(outage: MemoryOutage | null): void {
    if (this.#outage === outage) return
    const groups = this.#coordinator.groups()
    if (this.#outage === 'refuse') for (const group of groups) group.resume()
    this.#outage = outage
    if (outage === 'refuse') for (const group of groups) group.suspend()
    if (outage === null) return
    this.#outages += 1
    for (const listener of [...this.#outageListeners]) listener()
  }

  /** Makes every member of a group join again. */
  rebalance(groupId: string): void {
    this.#coordinator.find(groupId)?.rebalance()
  }

  /** Moves the log start, as retention does. @throws Error when there is no such partition */
  deleteRecords(tp: TopicPartition, before: number): void {
    this.#topics.log(tp).deleteBefore(before)
  }
}
