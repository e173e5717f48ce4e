// LeaveGroup, versions 0 to 3; 3 signs off several members at once. Any connection that knows a member id may do it.

import { KAFKA_ERRORS } from '../protocol/error-codes.ts'
import { type ApiDefinition, defineApi } from './api.ts'

export const leaveGroup: ApiDefinition = defineApi({
  name: 'LeaveGroup',
  versions: [0, 3],
  request: {
    groupId: 'string',
    memberId: 'string @0-2',
    members: ['@3+', { memberId: 'string', groupInstanceId: 'string?' }],
  },
  response: {
    throttleTimeMs: 'int32 @1+ =0',
    errorCode: 'int16',
    members: ['@3+ =', { memberId: 'string', groupInstanceId: 'string?', errorCode: 'int16' }],
  },

  handle({ groupId, memberId, members }, { version, broker }) {
    const group = broker.groups.find(groupId)
    const leave = (id: string): number => group?.leave(id, broker.now()) ?? KAFKA_ERRORS.UNKNOWN_MEMBER_ID
    if (version < 3) return { errorCode: leave(memberId) }
    const left = members.map((member) => ({ ...member, errorCode: leave(member.memberId) }))
    return { errorCode: KAFKA_ERRORS.NONE, members: left }
  },
})
