import type { Cancel, Clock } from '@towline/contracts'
import { isTowlineError } from '@towline/contracts'
import type { ProducerPort, SendResult } from '../ports/producer-port.ts'
import { partitionId, type TopicPartition } from '../ports/record.ts'
import type { Backoff, OutboundPartition } from './outbound-partition.ts'
import { OutboundPartitions } from './outbound-partitions.ts'
import { type BatchLimits, type PendingRecord, partitionBatch } from './partition-queue.ts'

/** How a record left the pump. */
export type SendFate =
  | { readonly kind: 'written'; readonly offset: number }
  | { readonly kind: 'refused'; readonly error: Error }
  | { readonly kind: 'dropped' }
  | { readonly kind: 'expired'; readonly lastError: Error | undefined }

export interface PumpedRecord extends PendingRecord {
  settle(tp: TopicPartition, fate: SendFate): void
}

export interface PumpOptions {
  readonly clock: Clock
  /** Of one request. */
  readonly limits: BatchLimits
  /** Requests one leader may have unanswered. */
  readonly sendsPerLeader: number
  readonly backoff: Backoff
}

type Outbound = OutboundPartition<PumpedRecord>

/** Moves records from partition queues to the producer port: what may go goes at once, what comes meanwhile is the next batch. */
export class SendPump {
  readonly #producer: ProducerPort
  readonly #options: PumpOptions
  readonly #partitions: OutboundPartitions<PumpedRecord>
  readonly #sending = new Map<number, number>()
  readonly #refreshing = new Set<string>()
  #isScheduled = false
  #cancelTimer: Cancel | undefined

  constructor(producer: ProducerPort, options: PumpOptions) {
    this.#producer = producer
    this.#options = options
    this.#partitions = new OutboundPartitions(options.backoff)
  }

  push(tp: TopicPartition, record: PumpedRecord): void {
    this.#partitions.of(tp).queue.push(record)
    this.#schedule()
  }

  /** Asks the guards of held records again. */
  poke(): void {
    for (const { queue } of this.#partitions) queue.poke()
    this.#schedule()
  }

  /** The turn comes after the callbacks that are due now, so that what they send together goes out together. */
  #schedule(): void {
    if (this.#isScheduled) return
    this.#isScheduled = true
    setImmediate(() => {
      this.#isScheduled = false
      this.#turn()
    })
  }

  #turn(): void {
    const nowMs = this.#options.clock.monotonicMs()
    for (const partition of this.#partitions) this.#expire(partition, nowMs)
    for (const [leader, partitions] of this.#readyByLeader(nowMs)) this.#sendTo(leader, partitions)
    this.#partitions.dropIdle()
    this.#armTimer(nowMs)
  }

  #expire({ tp, queue, lastError }: Outbound, nowMs: number): void {
    for (const record of queue.expire(nowMs)) record.settle(tp, { kind: 'expired', lastError })
  }

  #readyByLeader(nowMs: number): Map<number, Outbound[]> {
    const byLeader = new Map<number, Outbound[]>()
    for (const partition of this.#partitions) {
      if (!partition.mayGo(nowMs)) continue
      const leader = this.#producer.leaderOf(partition.tp)
      if (leader === null) {
        this.#backOff(partition, new Error(`${partitionId(partition.tp)} has no leader now`), nowMs)
      } else {
        byLeader.set(leader, [...(byLeader.get(leader) ?? []), partition])
      }
    }
    return byLeader
  }

  #sendTo(leader: number, partitions: Outbound[]): void {
    while (partitions.length > 0 && (this.#sending.get(leader) ?? 0) < this.#options.sendsPerLeader) {
      const request = this.#fill(partitions)
      if (request.size > 0) void this.#send(leader, request)
    }
  }

  /** Takes batches off `partitions` until one request is full. */
  #fill(partitions: Outbound[]): Map<Outbound, readonly PumpedRecord[]> {
    const request = new Map<Outbound, readonly PumpedRecord[]>()
    let { records, bytes } = this.#options.limits
    while (records > 0 && bytes > 0) {
      const partition = partitions.shift()
      if (partition === undefined) break
      const { batch, dropped } = partition.queue.take({ records, bytes })
      for (const record of dropped) record.settle(partition.tp, { kind: 'dropped' })
      if (batch.length === 0) continue
      request.set(partition, batch)
      records -= batch.length
      bytes -= batch.reduce((sum, record) => sum + record.bytes, 0)
      this.#partitions.moveToEnd(partition)
    }
    return request
  }

  async #send(leader: number, request: ReadonlyMap<Outbound, readonly PumpedRecord[]>): Promise<void> {
    this.#sending.set(leader, (this.#sending.get(leader) ?? 0) + 1)
    const batches = [...request].map(([{ tp }, batch]) => partitionBatch(tp, batch))
    const results = await this.#producer.send(batches).catch((error: Error) => batches.map(() => failed(error)))
    this.#sending.set(leader, (this.#sending.get(leader) ?? 1) - 1)
    const nowMs = this.#options.clock.monotonicMs()
    for (const [index, partition] of [...request.keys()].entries()) {
      this.#settle(partition, results[index] ?? failed(new Error('the producer gave no result for a batch')), nowMs)
    }
    this.#schedule()
  }

  #settle(partition: Outbound, result: SendResult, nowMs: number): void {
    switch (result.kind) {
      case 'written':
        partition.recover()
        finish(partition, (index) => ({ kind: 'written', offset: result.baseOffset + index }))
        break
      case 'refused':
        if (partition.queue.outCount > 1 && isTowlineError(result.error, 'TOWLINE_PAYLOAD_TOO_LARGE')) {
          partition.queue.giveBackHalved()
        } else {
          finish(partition, () => ({ kind: 'refused', error: result.error }))
        }
        break
      case 'failed':
        partition.queue.giveBack()
        this.#backOff(partition, result.error, nowMs)
        break
    }
  }

  #backOff(partition: Outbound, error: Error, nowMs: number): void {
    partition.backOff(error, nowMs)
    this.#refresh(partition.tp.topic)
  }

  /** A failure may mean that the metadata is stale. What goes wrong here shows in the next send. */
  #refresh(topic: string): void {
    if (this.#refreshing.has(topic)) return
    this.#refreshing.add(topic)
    this.#producer
      .refresh(topic)
      .catch(() => undefined)
      .finally(() => this.#refreshing.delete(topic))
  }

  #armTimer(nowMs: number): void {
    let wakeAtMs = Number.POSITIVE_INFINITY
    for (const partition of this.#partitions) wakeAtMs = Math.min(wakeAtMs, partition.wakeAtMs(nowMs))
    this.#cancelTimer?.()
    this.#cancelTimer = Number.isFinite(wakeAtMs)
      ? this.#options.clock.after(wakeAtMs - nowMs, () => this.#schedule())
      : undefined
  }
}

function finish({ tp, queue }: Outbound, fateOf: (index: number) => SendFate): void {
  let index = 0
  for (const record of queue.finish()) {
    record.settle(tp, fateOf(index))
    index += 1
  }
}

function failed(error: Error): SendResult {
  return { kind: 'failed', error }
}
