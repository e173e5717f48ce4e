import type { CommitAttempt } from '../../consuming/group-commits.ts'
import type { Membership } from '../../consuming/membership.ts'
import type { CommitEntry } from '../../ports/consumer-port.ts'
import type { ClusterClient } from '../cluster/cluster-client.ts'
import { commitOffsets } from '../cluster/group-offsets.ts'
import { errorTypeOf, isNoAnswer, isPassing } from '../kafka-error.ts'
import type { HeartbeatEvents } from './heartbeats.ts'

/**
 * Commit requests of one group over a connection of their own. kafkajs would send a retry in the generation of that
 * moment, and so overwrite what the next owner committed; it also answers success without committing while it stops.
 */
export class CommitRequests {
  readonly #client: ClusterClient
  readonly #groupId: string
  readonly #events: HeartbeatEvents

  constructor(client: ClusterClient, groupId: string, events: HeartbeatEvents) {
    this.#client = client
    this.#groupId = groupId
    this.#events = events
  }

  async send(member: Membership, entries: readonly CommitEntry[]): Promise<CommitAttempt> {
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

  #failed(member: Membership, error: unknown): CommitAttempt {
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
