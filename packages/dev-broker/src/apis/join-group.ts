// JoinGroup, versions 0 to 5. Answered when the group has gathered: see groups/group.ts.
// 1+ carries a rebalance timeout of its own; 4+ gives a newcomer its id first (MEMBER_ID_REQUIRED, KIP-394).
// A static member (5, groupInstanceId set) is refused with UNSUPPORTED_VERSION: see UNSUPPORTED.md.

import { joinRefusal } from '../groups/member.ts'
import { KAFKA_ERRORS } from '../protocol/error-codes.ts'
import { type ApiDefinition, defineApi } from './api.ts'

export const joinGroup: ApiDefinition = defineApi({
  name: 'JoinGroup',
  versions: [0, 5],
  request: {
    groupId: 'string',
    sessionTimeoutMs: 'int32',
    rebalanceTimeoutMs: 'int32 @1+ =-1',
    memberId: 'string',
    groupInstanceId: 'string? @5+',
    protocolType: 'string',
    protocols: [{ name: 'string', metadata: 'bytes' }],
  },
  response: {
    throttleTimeMs: 'int32 @2+ =0',
    errorCode: 'int16',
    generationId: 'int32 =-1',
    protocolName: 'string',
    leader: 'string',
    memberId: 'string',
    members: [{ memberId: 'string', groupInstanceId: 'string? @5+ =null', metadata: 'bytes' }],
  },

  handle({ groupId, groupInstanceId, ...asked }, { version, clientId, clientHost, broker }) {
    if (groupInstanceId !== null) return joinRefusal(KAFKA_ERRORS.UNSUPPORTED_VERSION, asked.memberId)
    const rebalanceTimeoutMs = asked.rebalanceTimeoutMs < 0 ? asked.sessionTimeoutMs : asked.rebalanceTimeoutMs
    const mustKnowItsId = version >= 4
    return broker.groups.join(groupId, { ...asked, rebalanceTimeoutMs, clientId, clientHost, mustKnowItsId })
  },
})
