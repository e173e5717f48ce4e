// ListGroups, versions 0 to 2: every group this node coordinates, those without members too.

import { KAFKA_ERRORS } from '../protocol/error-codes.ts'
import { type ApiDefinition, defineApi } from './api.ts'

export const listGroups: ApiDefinition = defineApi({
  name: 'ListGroups',
  versions: [0, 2],
  request: {},
  response: {
    throttleTimeMs: 'int32 @1+ =0',
    errorCode: 'int16',
    groups: [{ groupId: 'string', protocolType: 'string' }],
  },

  handle: (_request, { broker, node }) => ({
    errorCode: KAFKA_ERRORS.NONE,
    groups: [...broker.groups.all]
      .filter(({ id }) => broker.cluster.coordinatorOf(id)?.id === node.id)
      .map(({ id, roster }) => ({ groupId: id, protocolType: roster.protocolType })),
  }),
})
