// SyncGroup, versions 0 to 3. The leader's carries the assignment; the others' are answered when it has come.

import { syncRefusal } from '../groups/member.ts'
import { KAFKA_ERRORS } from '../protocol/error-codes.ts'
import { type ApiDefinition, defineApi } from './api.ts'

export const syncGroup: ApiDefinition = defineApi({
  name: 'SyncGroup',
  versions: [0, 3],
  request: {
    groupId: 'string',
    generationId: 'int32',
    memberId: 'string',
    groupInstanceId: 'string? @3+',
    assignments: [{ memberId: 'string', assignment: 'bytes' }],
  },
  response: { throttleTimeMs: 'int32 @1+ =0', errorCode: 'int16', assignment: 'bytes' },

  handle: ({ groupId, memberId, generationId, assignments }, { broker }) =>
    broker.groups.find(groupId)?.sync(memberId, generationId, assignments, broker.now()) ??
    syncRefusal(KAFKA_ERRORS.UNKNOWN_MEMBER_ID),
})
