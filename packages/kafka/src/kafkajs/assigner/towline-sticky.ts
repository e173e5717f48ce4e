import { AssignerProtocol, type PartitionAssigner } from 'kafkajs'
import { assignSticky, type MemberClaim } from '../../consuming/sticky-assignment.ts'
import type { Cluster } from '../kafkajs-internals.ts'
import { decodeClaim, encodeClaim } from './member-claim.ts'

/** A changed algorithm takes a new name, rolled out beside this one on all members first. */
const ASSIGNER_NAME = 'towline-sticky'

const PROTOCOL_VERSION = 0

export interface StickyMember {
  /** Given kafkajs's cluster when the consumer is made. */
  onCluster(cluster: Cluster): void
  /** What this member holds now, asked at every join. */
  holding(): { readonly generation: number; readonly owned: readonly number[] }
}

/** The sticky assigner for a group that reads one topic. */
export function towlineSticky(topic: string, member: StickyMember): PartitionAssigner {
  return (config) => {
    // kafkajs types `cluster` as its public subset; this is the object itself.
    const cluster = config.cluster as unknown as Cluster
    member.onCluster(cluster)
    return {
      name: ASSIGNER_NAME,
      version: PROTOCOL_VERSION,
      protocol: ({ topics }) => {
        const userData = encodeClaim({ ...member.holding(), capacity: 0 })
        const metadata = AssignerProtocol.MemberMetadata.encode({ version: PROTOCOL_VERSION, topics, userData })
        return { name: ASSIGNER_NAME, metadata }
      },
      assign: ({ members }) => {
        const partitionCount = cluster.findTopicPartitionMetadata(topic).length
        const assignment = assignSticky(partitionCount, members.map(claimOf))
        return Promise.resolve(
          [...assignment].map(([memberId, partitions]) => ({
            memberId,
            memberAssignment: AssignerProtocol.MemberAssignment.encode({
              version: PROTOCOL_VERSION,
              assignment: { [topic]: [...partitions] },
              userData: Buffer.alloc(0),
            }),
          })),
        )
      },
    }
  }
}

function claimOf({ memberId, memberMetadata }: { memberId: string; memberMetadata: Buffer }): MemberClaim {
  const userData = AssignerProtocol.MemberMetadata.decode(memberMetadata)?.userData ?? null
  return { memberId, ...decodeClaim(userData) }
}
