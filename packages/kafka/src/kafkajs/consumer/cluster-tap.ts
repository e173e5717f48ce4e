import type { Membership } from '../../consuming/membership.ts'
import { errorTypeOf } from '../kafka-error.ts'
import type { Broker, Cluster, KafkajsFetch } from '../kafkajs-internals.ts'

export interface ClusterTap {
  /** The coordinator is about to be asked to count this member, or just said that it does. */
  onJoining(memberId: string): void
  /** The coordinator answered a SyncGroup; `sentAtMs` is the monotonic time before it was sent. */
  onSynced(member: Membership, sentAtMs: number): void
  /** The coordinator no longer knows the member. */
  onExpelled(member: Membership): void
  heartbeat(member: Membership): Promise<void>
  leaveGroup(memberId: string): Promise<void>
  fetch(broker: Broker, request: KafkajsFetch): Promise<unknown>
}

/**
 * Takes over what one kafkajs consumer asks its brokers: heartbeats, leaves and fetches are answered by code of ours,
 * and joins are listened to. kafkajs's events come with an answer and do not say when its request was sent: after a
 * stopped process goes on, an old answer would look fresh.
 */
export function tapCluster(cluster: Cluster, tap: ClusterTap): void {
  const find = cluster.findBroker.bind(cluster)
  const tapped = new WeakSet<Broker>()
  cluster.findBroker = async (node) => {
    const broker = await find(node)
    if (!tapped.has(broker)) tapBroker(broker, tap)
    tapped.add(broker)
    return broker
  }
}

function tapBroker(broker: Broker, tap: ClusterTap): void {
  const { joinGroup, syncGroup } = broker
  broker.joinGroup = async (args) => {
    const answer = await joinGroup.call(announcing(broker, tap), args)
    tap.onJoining(answer.memberId)
    return answer
  }
  broker.syncGroup = async (args) => {
    const sentAtMs = performance.now()
    const member = { memberId: args.memberId, generation: args.generationId }
    try {
      const answer = await syncGroup.call(broker, args)
      tap.onSynced(member, sentAtMs)
      return answer
    } catch (error) {
      if (errorTypeOf(error) === 'UNKNOWN_MEMBER_ID') tap.onExpelled(member)
      throw error
    }
  }
  broker.heartbeat = ({ memberId, groupGenerationId: generation }) => tap.heartbeat({ memberId, generation })
  broker.leaveGroup = ({ memberId }) => tap.leaveGroup(memberId)
  broker.fetch = (request) => tap.fetch(broker, request)
}

/**
 * The broker as its own `joinGroup` sees it. That one repeats the request under the id it is given (KIP-394), and the
 * answer may take a whole rebalance; the id is to be known before.
 */
function announcing(broker: Broker, tap: ClusterTap): Broker {
  const lookupRequest: Broker['lookupRequest'] = (apiKey, definition) => {
    const request = broker.lookupRequest(apiKey, definition)
    return (args: { readonly memberId?: string }) => {
      if (args.memberId !== undefined && args.memberId !== '') tap.onJoining(args.memberId)
      return request(args)
    }
  }
  return Object.create(broker, { lookupRequest: { value: lookupRequest } }) as Broker
}
