// DeleteGroups, versions 0 and 1: a group without members, with all it has committed.

import { KAFKA_ERRORS } from '../protocol/error-codes.ts'
import { type ApiDefinition, defineApi } from './api.ts'

export const deleteGroups: ApiDefinition = defineApi({
  name: 'DeleteGroups',
  versions: [0, 1],
  request: { groups: ['string'] },
  response: { throttleTimeMs: 'int32 =0', groups: [{ groupId: 'string', errorCode: 'int16' }] },

  handle: ({ groups }, { broker, node }) => ({
    groups: groups.map((groupId) => {
      const isHere = broker.cluster.coordinatorOf(groupId)?.id === node.id
      return { groupId, errorCode: isHere ? broker.groups.delete(groupId) : KAFKA_ERRORS.NOT_COORDINATOR }
    }),
  }),
})
