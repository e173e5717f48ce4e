// DeleteGroups, versions 0 and 1: a group without members, with all it has committed.

import { type ApiDefinition, defineApi } from './api.ts'

export const deleteGroups: ApiDefinition = defineApi({
  name: 'DeleteGroups',
  versions: [0, 1],
  request: { groups: ['string'] },
  response: { throttleTimeMs: 'int32 =0', groups: [{ groupId: 'string', errorCode: 'int16' }] },

  handle: ({ groups }, { broker }) => ({
    groups: groups.map((groupId) => ({ groupId, errorCode: broker.groups.delete(groupId) })),
  }),
})
