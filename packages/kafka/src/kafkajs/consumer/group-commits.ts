import { setTimeout as sleep } from 'node:timers/promises'
import type { CommitEntry, CommitResult } from '../../ports/consumer-port.ts'
import type { ClusterClient } from '../cluster/cluster-client.ts'
import { commitOffsets } from '../cluster/group-offsets.ts'
import { errorTypeOf, isNoAnswer, isPassing } from '../kafka-error.ts'
import type { HeartbeatEvents } from './heartbeats.ts'
import type { Membership } from './membership.ts'

export interface CommitCall {
  readonly member: Membership
  readonly entries: readonly CommitEntry[]
  readonly deadlineMs: number
  /** Whether the member still holds what the entries speak of; asked before every attempt. */
  readonly isCurrent: () => boolean
}

type Attempt = 'stored' | 'fenced' | 'expelled' | 'not-stored' | 'unanswered' | 'refused' | 'late'

const RETRY_WAIT_MS = 50

/**
 * Commits of one group in the name of a captured member and generation, over a connection of their own. kafkajs would
 * send a retry in the generation of that moment, and so overwrite what the next owner committed; it also answers
 * success without committing while it stops.
 */
export class GroupCommits {
  readonly #client: ClusterClient
  readonly #groupId: string
  readonly #events: HeartbeatEvents

  constructor(client: ClusterClient, groupId: string, events: HeartbeatEvents) {
    this.#client = client
    this.#groupId = groupId
    this.#events = events
  }

  async commit(call: CommitCall): Promise<CommitResult> {
    const deadline = performance.now() + call.deadlineMs
    let mayBeStored = false
    while (call.isCurrent()) {
      const attempt = await this.#attempt(call, deadline - performance.now())
      switch (attempt) {
        case 'stored':
          return 'confirmed'
        case 'fenced':
        case 'expelled':
          return mayBeStored ? 'unknown' : 'fenced'
        case 'refused':
        case 'late':
          return 'unknown'
        case 'unanswered':
          mayBeStored = true
          break
        case 'not-stored':
          break
      }
      if (performance.now() + RETRY_WAIT_MS >= deadline) return 'unknown'
      await sleep(RETRY_WAIT_MS)
    }
    return mayBeStored ? 'unknown' : 'fenced'
  }

  async #attempt({ member, entries }: CommitCall, withinMs: number): Promise<Attempt> {
    const timer = new AbortController()
    const late = sleep(Math.max(0, withinMs), 'late' as const, { signal: timer.signal }).catch(() => 'late' as const)
    try {
      return await Promise.race([this.#send(member, entries), late])
    } finally {
      timer.abort()
    }
  }

  async #send(member: Membership, entries: readonly CommitEntry[]): Promise<Attempt> {
    const sentAtMs = performance.now()
    try {
      const codes = await commitOffsets(this.#client, { groupId: this.#groupId, ...member }, entries)
      for (const code of codes) this.#client.check(code)
      this.#events.onRenewed(member, sentAtMs) // a commit renews the session too
      return 'stored'
    } catch (error) {
      return this.#failed(member, error)
    }
  }

  #failed(member: Membership, error: unknown): Attempt {
    switch (errorTypeOf(error)) {
      case 'UNKNOWN_MEMBER_ID':
        this.#events.onExpelled(member)
        return 'expelled'
      case 'ILLEGAL_GENERATION':
      case 'REBALANCE_IN_PROGRESS':
        return 'fenced'
    }
    this.#client.forgetAfter(error, this.#groupId)
    if (isNoAnswer(error)) return 'unanswered'
    if (isPassing(error)) return 'not-stored'
    this.#client.context.connection.log?.error({ groupId: this.#groupId, err: error }, 'Kafka refused a commit')
    return 'refused'
  }
}
