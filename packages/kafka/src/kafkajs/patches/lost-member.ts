import type { KafkajsConsumerGroup, ProtocolError } from '../kafkajs-internals.ts'

/**
 * When the coordinator no longer knows a member and the join that follows fails (its coordinator is loading, a
 * connection is lost), kafkajs fetches on without a membership and never heartbeats, joins or crashes again: the
 * silent stall of tulios/kafkajs#659. Patched, a turn without a membership sends it back to the join.
 */
export function patchLostMember(group: KafkajsConsumerGroup, unknownMember: () => ProtocolError): void {
  const { fetch } = group
  group.fetch = async function (this: KafkajsConsumerGroup, nodeId: string): Promise<readonly unknown[]> {
    if (this.memberId === null) throw unknownMember()
    return await fetch.call(this, nodeId)
  }
}
