// DescribeGroups, versions 0 to 2. An unknown group is described as Dead, without an error. Protocol metadata and assignments
// are shown while the group is Stable, as in Kafka.

import { NO_BYTES } from '../groups/member.ts'
import { KAFKA_ERRORS } from '../protocol/error-codes.ts'
import { type ApiDefinition, defineApi } from './api.ts'

export const describeGroups: ApiDefinition = defineApi({
  name: 'DescribeGroups',
  versions: [0, 2],
  request: { groups: ['string'] },
  response: {
    throttleTimeMs: 'int32 @1+ =0',
    groups: [
      {
        errorCode: 'int16',
        groupId: 'string',
        state: 'string =',
        protocolType: 'string =',
        protocol: 'string =',
        members: [
          '=',
          { memberId: 'string', clientId: 'string', clientHost: 'string', metadata: 'bytes', assignment: 'bytes' },
        ],
      },
    ],
  },

  handle: ({ groups }, { broker, node }) => ({
    groups: groups.map((groupId) => {
      if (broker.cluster.coordinatorOf(groupId)?.id !== node.id)
        return { errorCode: KAFKA_ERRORS.NOT_COORDINATOR, groupId }
      const errorCode = KAFKA_ERRORS.NONE
      const group = broker.groups.find(groupId)
      if (group === undefined) return { errorCode, groupId, state: 'Dead' }
      const { phase, roster } = group
      const isStable = phase.name === 'Stable'
      const members = roster.members.map((member) => ({
        memberId: member.id,
        clientId: member.clientId,
        clientHost: member.clientHost,
        metadata: isStable ? roster.metadataOf(member) : NO_BYTES,
        assignment: isStable ? member.assignment : NO_BYTES,
      }))
      const protocol = isStable ? roster.protocol : ''
      return { errorCode, groupId, state: phase.name, protocolType: roster.protocolType, protocol, members }
    }),
  }),
})
