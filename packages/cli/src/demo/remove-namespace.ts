import { groupIdOf } from '@towline/contracts'
import type { AdminPort } from '@towline/kafka'

/**
 * Removes every topic and consumer group of a namespace. Its runners must be gone: members a killed one has left behind
 * are taken out of their groups, so that nothing waits for their sessions.
 */
export async function removeNamespace(admin: AdminPort, namespace: string): Promise<void> {
  const prefix = `${namespace}.`
  const groupIds = (await admin.groupIds()).filter((groupId) => groupId.startsWith(groupIdOf(prefix)))
  for (const groupId of groupIds) {
    const { members } = await admin.describeGroup(groupId)
    for (const { memberId } of members) await admin.leaveGroup(groupId, memberId)
  }
  await admin.deleteGroups(groupIds)
  await admin.deleteTopics((await admin.topicNames()).filter((topic) => topic.startsWith(prefix)))
}
