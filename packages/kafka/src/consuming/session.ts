import { type Clock, TowlineError } from '@towline/contracts'
import type { Liveness } from '../ports/consumer-port.ts'
import { isSame, type Membership } from './membership.ts'

interface Proof {
  readonly member: Membership
  readonly sentAtMs: number
}

/**
 * When the coordinator last confirmed this member, counted from when it was asked, and when the loop last turned: by a
 * fetch, or by a join, which ends in the same loop.
 */
export class Session {
  readonly #clock: Clock
  #synced: Proof | null = null
  #proof: Proof | null = null
  #fetchedAtMs = Number.NEGATIVE_INFINITY

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** A join ended; it counts as a proof once the member took its assignment. */
  synced(member: Membership, sentAtMs: number): void {
    this.#synced = { member, sentAtMs }
  }

  /** The membership that the last join of `memberId` ended in. */
  joinedAs(memberId: string): Membership {
    if (this.#synced?.member.memberId !== memberId) {
      throw new TowlineError('TOWLINE_INTERNAL', `member ${memberId} joined without a SyncGroup`, { value: memberId })
    }
    this.#proof = this.#synced
    this.fetched()
    return this.#synced.member
  }

  /** False when the proof is of another member or generation than the current one. */
  renew(member: Membership, sentAtMs: number): boolean {
    if (this.#proof === null || !isSame(this.#proof.member, member)) return false
    this.#proof = { member, sentAtMs: Math.max(sentAtMs, this.#proof.sentAtMs) }
    return true
  }

  fetched(): void {
    this.#fetchedAtMs = this.#clock.monotonicMs()
  }

  end(): void {
    this.#proof = null
  }

  liveness(): Liveness {
    const now = this.#clock.monotonicMs()
    return {
      proofAgeMs: now - (this.#proof?.sentAtMs ?? Number.NEGATIVE_INFINITY),
      fetchAgeMs: now - this.#fetchedAtMs,
    }
  }
}
