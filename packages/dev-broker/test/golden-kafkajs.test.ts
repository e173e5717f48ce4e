// Our codecs against kafkajs's, which were written by others: what it encodes we read, what we write it decodes, at every
// version both know. Versions it does not know are in golden-bytes.test.ts.

import { expect, test } from 'vitest'
import type { ApiDefinition, ApiName } from '../src/apis/api.ts'
import { API_REGISTRY } from '../src/apis/api-registry.ts'
import { Reader } from '../src/protocol/reader.ts'
import { FrameWriter } from '../src/protocol/writer.ts'
import { kafkajsProtocol, kafkajsVersions } from './kafkajs-protocol.ts'

interface Golden {
  /** What kafkajs is asked to encode, and what we must read. */
  readonly args: object
  readonly request: object
  /** What we write, and what kafkajs must read. */
  readonly response: object
  readonly decoded: object
}

const metadataBytes = Buffer.from('metadata')

const GOLDEN: { readonly [Name in ApiName]: Golden } = {
  Produce: {
    args: { acks: -1, timeout: 30_000, topicData: [] },
    request: { transactionalId: null, acks: -1, timeoutMs: 30_000, topics: [] },
    response: {
      topics: [{ name: 't', partitions: [{ index: 3, errorCode: 7, baseOffset: 2 ** 40, logAppendTimeMs: 1_700 }] }],
      throttleTimeMs: 5,
    },
    decoded: {
      topics: [
        {
          topicName: 't',
          partitions: [{ partition: 3, errorCode: 7, baseOffset: `${2 ** 40}`, logAppendTime: '1700' }],
        },
      ],
    },
  },
  Fetch: {
    args: {
      replicaId: -1,
      maxWaitTime: 250,
      minBytes: 1,
      maxBytes: 1_000_000,
      isolationLevel: 1,
      topics: [{ topic: 't', partitions: [{ partition: 2, fetchOffset: '9007199254740991', maxBytes: 5_000 }] }],
    },
    request: {
      replicaId: -1,
      maxWaitMs: 250,
      minBytes: 1,
      maxBytes: 1_000_000,
      isolationLevel: 1,
      sessionId: 0,
      topics: [{ name: 't', partitions: [{ index: 2, fetchOffset: Number.MAX_SAFE_INTEGER, maxBytes: 5_000 }] }],
      forgottenTopics: [],
      rackId: '',
    },
    response: {
      topics: [{ name: 't', partitions: [{ index: 2, errorCode: 1, highWatermark: 12, lastStableOffset: 11 }] }],
    },
    decoded: {
      responses: [
        {
          topicName: 't',
          partitions: [{ partition: 2, errorCode: 1, highWatermark: '12', lastStableOffset: '11', messages: [] }],
        },
      ],
    },
  },
  ListOffsets: {
    args: { replicaId: -1, topics: [{ topic: 't', partitions: [{ partition: 1, timestamp: -2 }] }] },
    request: { replicaId: -1, topics: [{ name: 't', partitions: [{ index: 1, timestampSought: -2 }] }] },
    response: { topics: [{ name: 't', partitions: [{ index: 1, errorCode: 0, timestampMs: 1_700, offset: 44 }] }] },
    decoded: {
      responses: [{ topic: 't', partitions: [{ partition: 1, errorCode: 0, timestamp: '1700', offset: '44' }] }],
    },
  },
  Metadata: {
    args: { topics: ['a', 'b'], allowAutoTopicCreation: true },
    request: { topics: ['a', 'b'] },
    response: {
      brokers: [{ nodeId: 7, host: '127.0.0.1', port: 9092 }],
      clusterId: 'cluster',
      controllerId: 7,
      topics: [
        {
          errorCode: 0,
          name: 'a',
          partitions: [{ errorCode: 0, index: 0, leaderId: 7, replicas: [7], inSyncReplicas: [7] }],
        },
        { errorCode: 3, name: 'b' },
      ],
    },
    decoded: {
      brokers: [{ nodeId: 7, host: '127.0.0.1', port: 9092 }],
      topicMetadata: [
        {
          topicErrorCode: 0,
          topic: 'a',
          partitionMetadata: [{ partitionErrorCode: 0, partitionId: 0, leader: 7, replicas: [7], isr: [7] }],
        },
        { topicErrorCode: 3, topic: 'b', partitionMetadata: [] },
      ],
    },
  },
  OffsetCommit: {
    args: {
      groupId: 'g',
      groupGenerationId: 4,
      memberId: 'm',
      topics: [
        {
          topic: 't',
          partitions: [
            { partition: 1, offset: '5', metadata: 'note' },
            { partition: 2, offset: '6' },
          ],
        },
      ],
    },
    request: {
      groupId: 'g',
      generationId: 4,
      memberId: 'm',
      topics: [
        {
          name: 't',
          partitions: [
            { index: 1, offset: 5, metadata: 'note' },
            { index: 2, offset: 6, metadata: null },
          ],
        },
      ],
    },
    response: { topics: [{ name: 't', partitions: [{ index: 1, errorCode: 12 }] }] },
    decoded: { responses: [{ topic: 't', partitions: [{ partition: 1, errorCode: 12 }] }] },
  },
  OffsetFetch: {
    args: { groupId: 'g', topics: [{ topic: 't', partitions: [{ partition: 1 }, { partition: 2 }] }] },
    request: { groupId: 'g', topics: [{ name: 't', partitions: [1, 2] }] },
    response: {
      topics: [{ name: 't', partitions: [{ index: 1, offset: 5, metadata: 'note', errorCode: 0 }] }],
      errorCode: 0,
    },
    decoded: {
      responses: [{ topic: 't', partitions: [{ partition: 1, offset: '5', metadata: 'note', errorCode: 0 }] }],
    },
  },
  FindCoordinator: {
    args: { groupId: 'g', coordinatorType: 0 },
    request: { key: 'g', keyType: 0 },
    response: { errorCode: 0, nodeId: 7, host: '127.0.0.1', port: 9092 },
    decoded: { errorCode: 0, coordinator: { nodeId: 7, host: '127.0.0.1', port: 9092 } },
  },
  JoinGroup: {
    args: {
      groupId: 'g',
      sessionTimeout: 10_000,
      rebalanceTimeout: 20_000,
      memberId: 'm',
      protocolType: 'consumer',
      groupProtocols: [{ name: 'range', metadata: metadataBytes }],
    },
    request: {
      groupId: 'g',
      sessionTimeoutMs: 10_000,
      memberId: 'm',
      groupInstanceId: null,
      protocolType: 'consumer',
      protocols: [{ name: 'range', metadata: metadataBytes }],
    },
    response: {
      errorCode: 0,
      generationId: 3,
      protocolName: 'range',
      leader: 'm',
      memberId: 'm',
      members: [{ memberId: 'm', metadata: metadataBytes }],
    },
    decoded: {
      errorCode: 0,
      generationId: 3,
      groupProtocol: 'range',
      leaderId: 'm',
      memberId: 'm',
      members: [{ memberId: 'm', memberMetadata: metadataBytes }],
    },
  },
  Heartbeat: {
    args: { groupId: 'g', groupGenerationId: 3, memberId: 'm' },
    request: { groupId: 'g', generationId: 3, memberId: 'm', groupInstanceId: null },
    response: { errorCode: 27 },
    decoded: { errorCode: 27 },
  },
  LeaveGroup: {
    args: { groupId: 'g', memberId: 'm', members: [{ memberId: 'm' }] },
    request: { groupId: 'g' },
    response: { errorCode: 25, members: [{ memberId: 'm', groupInstanceId: null, errorCode: 0 }] },
    decoded: { errorCode: 25 },
  },
  SyncGroup: {
    args: {
      groupId: 'g',
      generationId: 3,
      memberId: 'm',
      groupAssignment: [{ memberId: 'm', memberAssignment: metadataBytes }],
    },
    request: {
      groupId: 'g',
      generationId: 3,
      memberId: 'm',
      groupInstanceId: null,
      assignments: [{ memberId: 'm', assignment: metadataBytes }],
    },
    response: { errorCode: 0, assignment: metadataBytes },
    decoded: { errorCode: 0, memberAssignment: metadataBytes },
  },
  DescribeGroups: {
    args: { groupIds: ['g', 'h'] },
    request: { groups: ['g', 'h'] },
    response: {
      groups: [
        {
          errorCode: 0,
          groupId: 'g',
          state: 'Stable',
          protocolType: 'consumer',
          protocol: 'range',
          members: [
            {
              memberId: 'm',
              clientId: 'c',
              clientHost: '/127.0.0.1',
              metadata: metadataBytes,
              assignment: Buffer.of(1),
            },
          ],
        },
      ],
    },
    decoded: {
      groups: [
        {
          errorCode: 0,
          groupId: 'g',
          state: 'Stable',
          protocolType: 'consumer',
          protocol: 'range',
          members: [
            {
              memberId: 'm',
              clientId: 'c',
              clientHost: '/127.0.0.1',
              memberMetadata: metadataBytes,
              memberAssignment: Buffer.of(1),
            },
          ],
        },
      ],
    },
  },
  ListGroups: {
    args: {},
    request: {},
    response: { errorCode: 0, groups: [{ groupId: 'g', protocolType: 'consumer' }] },
    decoded: { errorCode: 0, groups: [{ groupId: 'g', protocolType: 'consumer' }] },
  },
  ApiVersions: {
    args: {},
    request: {},
    response: { errorCode: 0, apis: [{ key: 18, firstVersion: 0, lastVersion: 3 }] },
    decoded: { errorCode: 0, apiVersions: [{ apiKey: 18, minVersion: 0, maxVersion: 3 }] },
  },
  CreateTopics: {
    args: {
      topics: [{ topic: 't', numPartitions: 3, replicationFactor: 1, configEntries: [{ name: 'k', value: 'v' }] }],
      validateOnly: true,
      timeout: 9,
    },
    request: {
      topics: [
        { name: 't', partitionCount: 3, replicationFactor: 1, assignments: [], configs: [{ name: 'k', value: 'v' }] },
      ],
      timeoutMs: 9,
      validateOnly: true,
    },
    response: { topics: [{ name: 't', errorCode: 36, errorMessage: 'there' }] },
    decoded: { topicErrors: [{ topic: 't', errorCode: 36, errorMessage: 'there' }] },
  },
  DeleteTopics: {
    args: { topics: ['t', 'u'], timeout: 9 },
    request: { topics: ['t', 'u'], timeoutMs: 9 },
    response: { topics: [{ name: 't', errorCode: 3 }] },
    decoded: { topicErrors: [{ topic: 't', errorCode: 3 }] },
  },
  DeleteRecords: {
    args: { topics: [{ topic: 't', partitions: [{ partition: 1, offset: '8' }] }], timeout: 9 },
    request: { topics: [{ name: 't', partitions: [{ index: 1, offset: 8 }] }], timeoutMs: 9 },
    response: { topics: [{ name: 't', partitions: [{ index: 1, lowWatermark: 8, errorCode: 1 }] }] },
    // kafkajs gives the watermark as a bigint.
    decoded: { topics: [{ topic: 't', partitions: [{ partition: 1, lowWatermark: 8n, errorCode: 1 }] }] },
  },
  DescribeConfigs: {
    args: { resources: [{ type: 2, name: 't', configNames: ['retention.ms'] }], includeSynonyms: true },
    request: { resources: [{ type: 2, name: 't', keys: ['retention.ms'] }], includeSynonyms: true },
    response: {
      resources: [
        {
          errorCode: 0,
          errorMessage: null,
          type: 2,
          name: 't',
          configs: [{ name: 'retention.ms', value: '5', isReadOnly: false, source: 1 }],
        },
      ],
    },
    decoded: {
      resources: [
        {
          errorCode: 0,
          errorMessage: null,
          resourceType: 2,
          resourceName: 't',
          configEntries: [
            { configName: 'retention.ms', configValue: '5', readOnly: false, configSource: 1, isSensitive: false },
          ],
        },
      ],
    },
  },
  CreatePartitions: {
    args: { topicPartitions: [{ topic: 't', count: 5, assignments: [[7]] }], timeout: 9, validateOnly: true },
    request: {
      topics: [{ name: 't', count: 5, assignments: [{ brokerIds: [7] }] }],
      timeoutMs: 9,
      validateOnly: true,
    },
    response: { topics: [{ name: 't', errorCode: 37, errorMessage: 'no' }] },
    decoded: { topicErrors: [{ topic: 't', errorCode: 37, errorMessage: 'no' }] },
  },
  DeleteGroups: {
    args: ['g', 'h'],
    request: { groups: ['g', 'h'] },
    response: { groups: [{ groupId: 'g', errorCode: 68 }] },
    decoded: { results: [{ groupId: 'g', errorCode: 68 }] },
  },
}

const cases = API_REGISTRY.flatMap((api) =>
  kafkajsVersions(api.name)
    .filter((version) => version >= api.versions[0] && version <= api.versions[1])
    .map((version) => ({ title: `${api.name} ${version}`, api, version })),
)

function written(api: ApiDefinition, version: number, response: object): Buffer {
  const writer = new FrameWriter()
  api.writeResponse(writer, version, response)
  return Buffer.concat(writer.finish()).subarray(4)
}

test.each(cases)('reads what kafkajs writes: $title', async ({ api, version }) => {
  const { args, request } = GOLDEN[api.name]
  const { buffer } = await kafkajsProtocol(api.name, version, args).request.encode()
  const reader = new Reader(buffer)
  expect(api.readRequest(reader, version)).toMatchObject(request)
  expect(reader.remainingBytes).toBe(0)
})

test.each(cases)('kafkajs reads what we write: $title', async ({ api, version }) => {
  const { args, response, decoded } = GOLDEN[api.name]
  const { response: kafkajs } = kafkajsProtocol(api.name, version, args)
  expect(await kafkajs.decode(written(api, version, response))).toMatchObject(decoded)
})

test('kafkajs speaks every API that is served, and its newest version of each is among those served', () => {
  for (const { name, versions } of API_REGISTRY) {
    const newest = Math.max(...kafkajsVersions(name))
    expect.soft(newest, name).toBeGreaterThanOrEqual(versions[0])
    expect.soft(newest, name).toBeLessThanOrEqual(versions[1])
  }
})
