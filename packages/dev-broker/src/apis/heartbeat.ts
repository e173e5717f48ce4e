// Heartbeat, versions 0 to 3. REBALANCE_IN_PROGRESS asks the member to join again; the session is renewed all the same.

import { KAFKA_ERRORS } from '../protocol/error-codes.ts'
import { type ApiDefinition, defineApi } from './api.ts'

export const heartbeat: ApiDefinition = defineApi({
  name: 'Heartbeat',
  versions: [0, 3],
  request: { groupId: 'string', generationId: 'int32', memberId: 'string', groupInstanceId: 'string? @3+' },
  response: { throttleTimeMs: 'int32 @1+ =0', errorCode: 'int16' },

  handle({ groupId, memberId, generationId }, { broker }) {
    const group = broker.groups.find(groupId)
    const errorCode = group?.heartbeat(memberId, generationId, broker.now()) ?? KAFKA_ERRORS.UNKNOWN_MEMBER_ID
    return { errorCode }
  },
})
