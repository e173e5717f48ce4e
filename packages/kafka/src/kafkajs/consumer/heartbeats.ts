import { setTimeout as sleep } from 'node:timers/promises'
import { isSame, type Membership } from '../../consuming/membership.ts'
import type { ClusterClient } from '../cluster/cluster-client.ts'
import { errorTypeOf, isPassing } from '../kafka-error.ts'

export interface HeartbeatEvents {
  /** The coordinator renewed the session as of `sentAtMs`, monotonic milliseconds before the request was sent. */
  onRenewed(member: Membership, sentAtMs: number): void
  onExpelled(member: Membership): void
}

/** Longest the fetch loop waits for an answer; a later one is told to it at the next beat. */
const PATIENCE_MS = 250

/**
 * Stands in for `Broker.heartbeat` in a consumer. kafkajs beats at the broker that was coordinator when it joined, and
 * stops fetching, longer each time, while that one is down; only a rejoin would find the next. Here a beat follows the
 * coordinator, and a coordinator that is away costs the fetch loop nothing: the age of the proof tells of it.
 */
export class Heartbeats {
  readonly #client: ClusterClient
  readonly #groupId: string
  readonly #events: HeartbeatEvents
  #underWay: Promise<void> | null = null
  #refusal: { readonly member: Membership; readonly error: unknown } | null = null

  constructor(client: ClusterClient, groupId: string, events: HeartbeatEvents) {
    this.#client = client
    this.#groupId = groupId
    this.#events = events
  }

  /** Throws what the coordinator said against the member, a rebalance included; kafkajs joins again then. */
  async beat(member: Membership): Promise<void> {
    this.#underWay ??= this.#send(member).finally(() => {
      this.#underWay = null
    })
    const timer = new AbortController()
    await Promise.race([this.#underWay, sleep(PATIENCE_MS, undefined, { signal: timer.signal }).catch(() => undefined)])
    timer.abort()
    const refusal = this.#refusal
    this.#refusal = null
    if (refusal !== null && isSame(refusal.member, member)) throw refusal.error
  }

  async #send(member: Membership): Promise<void> {
    try {
      await this.#ask(member).catch((error: unknown) => {
        this.#client.forgetAfter(error, this.#groupId)
        if (errorTypeOf(error) !== 'NOT_COORDINATOR_FOR_GROUP') throw error
        return this.#ask(member)
      })
    } catch (error) {
      if (isPassing(error)) return
      if (errorTypeOf(error) === 'UNKNOWN_MEMBER_ID') this.#events.onExpelled(member)
      this.#refusal = { member, error }
    }
  }

  async #ask(member: Membership): Promise<void> {
    const sentAtMs = performance.now()
    const { memberId, generation } = member
    const answer = await this.#client.call<{ errorCode: number }>(
      await this.#client.coordinator(this.#groupId),
      'Heartbeat',
      { groupId: this.#groupId, groupGenerationId: generation, memberId },
    )
    this.#client.check(answer.errorCode)
    this.#events.onRenewed(member, sentAtMs)
  }
}
