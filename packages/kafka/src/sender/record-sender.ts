import { type Clock, partitionFor } from '@towline/contracts'
import type { ProducerPort } from '../ports/producer-port.ts'
import type { OutgoingRecord } from '../ports/record.ts'
import { AcceptedSend, type SendOwner, type SendReceipt, type SendTarget } from './accepted-send.ts'
import { FlushEpochs } from './flush-epochs.ts'
import { PartitionCounts } from './partition-counts.ts'
import type { SendGuard } from './partition-queue.ts'
import { outgoingBytes } from './record-bytes.ts'
import { keyOrPartitionRequired, partitionMissing, producerFull, recordTooLarge, senderClosed } from './send-errors.ts'
import { SendPump } from './send-pump.ts'

export interface RecordSenderOptions {
  readonly clock: Clock
  /**
   * How long a record may wait for its acknowledgement, retries included; a request that is out then is waited for, up
   * to its own timeout of 30,000. Default 120,000.
   */
  readonly deliveryTimeoutMs?: number
  /** Most bytes waiting or unacknowledged; beyond it `send` rejects with TOWLINE_PRODUCER_FULL. Default 32 MiB. */
  readonly maxBufferedBytes?: number
  /** Most records of one request. Default 500. */
  readonly batchRecords?: number
  /** Most bytes of one request; a single larger record goes alone. Default 512 KiB. */
  readonly batchBytes?: number
  /** Wait before a partition's first retry; doubles up to 1,000. Default 50. */
  readonly retryBackoffMs?: number
}

const MAX_BACKOFF_MS = 1_000
/** Two, so that a request is encoded while the broker works on the one before. */
const SENDS_PER_LEADER = 2

/**
 * Writes records with acks=all, in order per partition: one request is out per partition, retries included, and what
 * is sent meanwhile makes the next batch. Nothing waits for a timer when nothing is out. Every `send` settles.
 */
export class RecordSender {
  readonly #clock: Clock
  readonly #maxBufferedBytes: number
  readonly #counts: PartitionCounts
  readonly #pump: SendPump
  readonly #epochs = new FlushEpochs()
  readonly #owner: SendOwner
  #sequence = 0
  #bufferedBytes = 0
  #isClosed = false

  constructor(producer: ProducerPort, options: RecordSenderOptions) {
    this.#clock = options.clock
    this.#maxBufferedBytes = options.maxBufferedBytes ?? 32 * 1024 * 1024
    this.#counts = new PartitionCounts(producer, options.clock)
    this.#owner = {
      deliveryTimeoutMs: options.deliveryTimeoutMs ?? 120_000,
      release: (send) => this.#release(send),
    }
    this.#pump = new SendPump(producer, {
      clock: options.clock,
      limits: { records: options.batchRecords ?? 500, bytes: options.batchBytes ?? 512 * 1024 },
      sendsPerLeader: SENDS_PER_LEADER,
      backoff: { firstMs: options.retryBackoffMs ?? 50, maxMs: MAX_BACKOFF_MS },
    })
  }

  /** Bytes waiting or unacknowledged. */
  get bufferedBytes(): number {
    return this.#bufferedBytes
  }

  /**
   * Resolves when all in-sync replicas have the record. Records of one partition are written in the order of the calls,
   * except that what a guard holds back is overtaken.
   *
   * @throws TowlineError TOWLINE_PRODUCER_FULL, TOWLINE_PUBLISH_FAILED (retriable: it may have been written),
   * TOWLINE_PAYLOAD_TOO_LARGE, TOWLINE_TOPIC_MISSING, TOWLINE_BROKER_UNAVAILABLE, TOWLINE_PRODUCER_CLOSED,
   * TOWLINE_OPTION_INVALID
   * @throws SendDropped when the guard said `drop`
   */
  send(target: SendTarget, record: OutgoingRecord, guard?: SendGuard): Promise<SendReceipt> {
    const bytes = outgoingBytes(record)
    const refusal = this.#refusal(bytes)
    if (refusal !== null) return Promise.reject(refusal)
    this.#bufferedBytes += bytes
    return new Promise((resolve, reject) => {
      const epoch = this.#epochs.enter()
      const send = new AcceptedSend({ target, record, bytes, guard, epoch, resolve, reject }, this.#owner)
      const count = this.#counts.known(target.topic)
      if (count !== undefined) this.#route(send, count)
      else this.#counts.use(target.topic, this.#route.bind(this, send), send.fail.bind(send))
    })
  }

  /** Asks the guards of held records again. Cheap when nothing is held. */
  poke(): void {
    this.#pump.poke()
  }

  /** Resolves when everything sent before has settled, one way or the other. */
  flush(): Promise<void> {
    return this.#epochs.flush()
  }

  /** Refuses further sends and resolves when the earlier ones have settled. The producer port stays its owner's. */
  async close(): Promise<void> {
    this.#isClosed = true
    await this.flush()
  }

  #refusal(bytes: number): Error | null {
    if (this.#isClosed) return senderClosed()
    if (bytes > this.#maxBufferedBytes) return recordTooLarge(bytes, this.#maxBufferedBytes)
    if (this.#bufferedBytes + bytes <= this.#maxBufferedBytes) return null
    return producerFull(this.#bufferedBytes, this.#maxBufferedBytes)
  }

  /** Gives a send its partition and its place in the queue. */
  #route(send: AcceptedSend, partitionCount: number): void {
    const { target, record } = send
    const { topic, partition } = target
    if (partition === undefined) {
      if (record.key === null) send.fail(keyOrPartitionRequired(topic))
      else this.#push(send, partitionFor(record.key, partitionCount))
    } else if (partition < partitionCount) {
      this.#push(send, partition)
    } else {
      void this.#routeToNew(send, partition)
    }
  }

  /** The caller may know of partitions that were added since the count was asked for. */
  async #routeToNew(send: AcceptedSend, partition: number): Promise<void> {
    const { topic } = send.target
    try {
      const partitionCount = await this.#counts.recount(topic)
      if (partition < partitionCount) this.#push(send, partition)
      else send.fail(partitionMissing({ topic, partition }, partitionCount))
    } catch (error) {
      send.fail(error)
    }
  }

  #push(send: AcceptedSend, partition: number): void {
    send.sequence = this.#sequence
    this.#sequence += 1
    send.expiresAtMs = this.#clock.monotonicMs() + this.#owner.deliveryTimeoutMs
    this.#pump.push({ topic: send.target.topic, partition }, send)
  }

  #release(send: AcceptedSend): void {
    this.#bufferedBytes -= send.bytes
    this.#epochs.leave(send.epoch)
  }
}

/** Makes a {@link RecordSender} over a producer port that stays its owner's to close. */
export function createRecordSender(producer: ProducerPort, options: RecordSenderOptions): RecordSender {
  return new RecordSender(producer, options)
}
