import { AssignerProtocol } from 'kafkajs'
import type { GroupDescription, GroupMember } from '../../ports/admin-port.ts'
import type { ClusterClient } from '../cluster/cluster-client.ts'
import { KAFKA_ERROR } from '../protocol/error-codes.ts'

interface DescribedMember {
  readonly memberId: string
  readonly clientId: string
  readonly memberAssignment: Buffer
}

/** A group that does not exist is described as Dead and without members. */
export async function describeGroup(client: ClusterClient, groupId: string): Promise<GroupDescription> {
  const { groups } = await client.call<{
    groups: readonly { errorCode: number; state: string; members: readonly DescribedMember[] }[]
  }>(await client.coordinator(groupId), 'DescribeGroups', { groupIds: [groupId] })
  const [group] = groups
  if (group === undefined || group.errorCode === KAFKA_ERROR.GROUP_ID_NOT_FOUND)
    return { groupId, state: 'Dead', members: [] }
  client.check(group.errorCode)
  return { groupId, state: group.state, members: group.members.map(memberOf) }
}

function memberOf({ memberId, clientId, memberAssignment }: DescribedMember): GroupMember {
  const assignment = AssignerProtocol.MemberAssignment.decode(memberAssignment)?.assignment ?? {}
  const assigned = Object.entries(assignment).flatMap(([topic, partitions]) =>
    partitions.map((partition) => ({ topic, partition })),
  )
  return { memberId, clientId, assigned }
}

/** Every broker lists the groups it coordinates. */
export async function listGroups(client: ClusterClient): Promise<readonly string[]> {
  const { brokers } = await client.metadata([])
  const lists = await Promise.all(
    brokers.map(async ({ nodeId }) => {
      const broker = await client.node(nodeId)
      const answer = await client.call<{ errorCode: number; groups: readonly { groupId: string }[] }>(
        broker,
        'ListGroups',
        {},
      )
      client.check(answer.errorCode)
      return answer.groups.map(({ groupId }) => groupId)
    }),
  )
  return [...new Set(lists.flat())].toSorted()
}

export async function deleteGroup(client: ClusterClient, groupId: string): Promise<void> {
  const { apiKeys, requests } = client.context.kafkajs
  const broker = await client.coordinator(groupId)
  // kafkajs takes this request's argument bare, unlike all others.
  const wire = broker.lookupRequest(apiKeys.DeleteGroups, requests.DeleteGroups)([groupId])
  const { results } = (await broker.connectionPool.send(wire)) as { results: readonly { errorCode: number }[] }
  for (const { errorCode } of results) if (errorCode !== KAFKA_ERROR.GROUP_ID_NOT_FOUND) client.check(errorCode)
}
