// FindCoordinator, versions 0 to 2. Every node knows who coordinates a group. Transactions (key type 1) have no coordinator here.

import { KAFKA_ERRORS } from '../protocol/error-codes.ts'
import { type ApiDefinition, defineApi } from './api.ts'

const GROUP_KEY = 0

export const findCoordinator: ApiDefinition = defineApi({
  name: 'FindCoordinator',
  versions: [0, 2],
  request: { key: 'string', keyType: 'int8 @1+' },
  response: {
    throttleTimeMs: 'int32 @1+ =0',
    errorCode: 'int16',
    errorMessage: 'string? @1+ =null',
    nodeId: 'int32 =-1',
    host: 'string =',
    port: 'int32 =-1',
  },

  handle({ key, keyType }, { broker }) {
    if (keyType !== GROUP_KEY)
      return { errorCode: KAFKA_ERRORS.INVALID_REQUEST, errorMessage: 'Only consumer groups have a coordinator here.' }
    const coordinator = broker.cluster.coordinatorOf(key)
    if (coordinator === undefined) return { errorCode: KAFKA_ERRORS.COORDINATOR_NOT_AVAILABLE }
    const { id: nodeId, host, port } = coordinator
    return { errorCode: KAFKA_ERRORS.NONE, nodeId, host, port }
  },
})
