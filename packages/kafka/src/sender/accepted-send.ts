import type { OutgoingRecord, TopicPartition } from '../ports/record.ts'
import type { FlushEpoch } from './flush-epochs.ts'
import type { SendGuard } from './partition-queue.ts'
import { notAcknowledged, refused, SendDropped } from './send-errors.ts'
import type { PumpedRecord, SendFate } from './send-pump.ts'

export interface SendTarget {
  readonly topic: string
  /** Default: by murmur2 of the key, as Kafka's own clients do. Required for a record without a key. */
  readonly partition?: number
}

export interface SendReceipt {
  readonly partition: number
  readonly offset: number
}

export interface Accepted {
  readonly target: SendTarget
  readonly record: OutgoingRecord
  readonly bytes: number
  readonly guard: SendGuard | undefined
  readonly epoch: FlushEpoch
  readonly resolve: (receipt: SendReceipt) => void
  readonly reject: (error: unknown) => void
}

/** What a send needs of its sender. */
export interface SendOwner {
  readonly deliveryTimeoutMs: number
  /** The send has settled: it takes no memory any more. */
  release(send: AcceptedSend): void
}

/** A record between the call of `send` and its acknowledgement. */
export class AcceptedSend implements PumpedRecord {
  readonly target: SendTarget
  readonly record: OutgoingRecord
  readonly bytes: number
  readonly guard: SendGuard | undefined
  readonly epoch: FlushEpoch
  /** Set when its partition is chosen. */
  sequence = 0
  /** Monotonic; set when its partition is chosen. */
  expiresAtMs = 0
  readonly #owner: SendOwner
  readonly #resolve: (receipt: SendReceipt) => void
  readonly #reject: (error: unknown) => void

  constructor(accepted: Accepted, owner: SendOwner) {
    this.target = accepted.target
    this.record = accepted.record
    this.bytes = accepted.bytes
    this.guard = accepted.guard
    this.epoch = accepted.epoch
    this.#owner = owner
    this.#resolve = accepted.resolve
    this.#reject = accepted.reject
  }

  settle(tp: TopicPartition, fate: SendFate): void {
    switch (fate.kind) {
      case 'written':
        this.#owner.release(this)
        this.#resolve({ partition: tp.partition, offset: fate.offset })
        break
      case 'refused':
        this.fail(refused(tp, fate.error))
        break
      case 'dropped':
        this.fail(new SendDropped(tp))
        break
      case 'expired':
        this.fail(notAcknowledged(tp, this.#owner.deliveryTimeoutMs, fate.lastError))
        break
    }
  }

  fail(error: unknown): void {
    this.#owner.release(this)
    this.#reject(error)
  }
}
