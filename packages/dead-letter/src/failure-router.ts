import type { Clock, DeadReason, Failure, TopicNames } from '@towline/contracts'
import type { SendGuard } from '@towline/kafka'
import { deadLetterRecord, type SourceRecord, type TierMove, tierRecord } from './moved-record.ts'
import type { Sender } from './sender.ts'

/**
 * Writes what the retry policy decided. Both calls resolve when every in-sync replica has the record and reject with
 * the sender's error, `SendDropped` included; only then is the source record done with.
 */
export interface FailureRouter {
  /** Moves a task to a retry tier. `failure` is undefined for a deferral and for a hop between tiers. */
  toTier(source: SourceRecord, move: TierMove, failure: Failure | undefined, guard: SendGuard): Promise<void>
  /** Writes a dead letter. The task's end is written after it, by the caller. */
  deadLetter(source: SourceRecord, reason: DeadReason, failure: Failure, guard: SendGuard): Promise<void>
}

export interface FailureRouterOptions {
  readonly sender: Sender
  readonly names: TopicNames
  readonly clock: Pick<Clock, 'nowMs'>
}

export function createFailureRouter({ sender, names, clock }: FailureRouterOptions): FailureRouter {
  return {
    async toTier(source, move, failure, guard) {
      const record = tierRecord(source, move, failure, clock.nowMs())
      await sender.send({ topic: names.retry(move.tierMs) }, record, guard)
    },
    async deadLetter(source, reason, failure, guard) {
      await sender.send({ topic: names.dlq }, deadLetterRecord(source, reason, failure), guard)
    },
  }
}
