import { KAFKA_ERROR } from '../protocol/error-codes.ts'
import type { ClusterClient } from './cluster-client.ts'

/** A member that is gone already is passed over. */
export async function leaveGroup(client: ClusterClient, groupId: string, memberId: string): Promise<void> {
  const answer = await client.call<{ errorCode: number; members?: readonly { errorCode: number }[] }>(
    await client.coordinator(groupId),
    'LeaveGroup',
    { groupId, memberId },
  )
  for (const { errorCode } of [answer, ...(answer.members ?? [])]) {
    if (errorCode !== KAFKA_ERROR.UNKNOWN_MEMBER_ID) client.check(errorCode)
  }
}
