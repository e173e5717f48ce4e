import type { AdminPort } from '@towline/kafka'
import type { GroupMembership } from '@towline/runner'

export interface LeaveReport {
  readonly left: number
  /** Groups that count the dead process until its session is over. */
  readonly failed: readonly string[]
  readonly error: unknown
}

/** Leaves every group of a process that is dead, in its name, so that others need not wait for its session. Never rejects. */
export async function leaveFor(
  members: readonly GroupMembership[],
  admin: () => Promise<Pick<AdminPort, 'leaveGroup'>>,
): Promise<LeaveReport> {
  const leave = async ({ groupId, memberId }: GroupMembership): Promise<void> =>
    await (await admin()).leaveGroup(groupId, memberId)
  const results = await Promise.allSettled(members.map(leave))
  const failed = members.filter((_, at) => results[at]?.status === 'rejected').map(({ groupId }) => groupId)
  const rejected = results.find((result) => result.status === 'rejected')
  return { left: members.length - failed.length, failed, error: rejected?.reason }
}
