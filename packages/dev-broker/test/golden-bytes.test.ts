// Bytes put together by hand from Kafka's protocol guide, for the versions librdkafka speaks and kafkajs does not.

import { expect, test } from 'vitest'
import type { ApiName } from '../src/apis/api.ts'
import { API_REGISTRY } from '../src/apis/api-registry.ts'
import { Reader } from '../src/protocol/reader.ts'
import { FrameWriter } from '../src/protocol/writer.ts'

function apiNamed(name: ApiName) {
  const api = API_REGISTRY.find((each) => each.name === name)
  if (api === undefined) throw new Error(`no API ${name}`)
  return api
}

const hex = (...parts: readonly string[]): Buffer => Buffer.from(parts.join('').replaceAll(' ', ''), 'hex')

function read(name: ApiName, version: number, bytes: Buffer): unknown {
  const reader = new Reader(bytes)
  const request = apiNamed(name).readRequest(reader, version)
  expect(reader.remainingBytes).toBe(0)
  return request
}

function write(name: ApiName, version: number, response: object): string {
  const writer = new FrameWriter()
  apiNamed(name).writeResponse(writer, version, response)
  return Buffer.concat(writer.finish()).subarray(4).toString('hex')
}

test('ApiVersions 3 comes with compact strings and tagged fields', () => {
  const bytes = hex('0b', '6c6962 72646b61666b61'.replaceAll(' ', ''), '06', '322e302e32', '00')
  expect(read('ApiVersions', 3, bytes)).toEqual({ clientSoftwareName: 'librdkafka', clientSoftwareVersion: '2.0.2' })
})

test('ApiVersions 3 is answered with a compact array, its elements tagged', () => {
  const response = { errorCode: 0, apis: [{ key: 18, firstVersion: 0, lastVersion: 3 }], throttleTimeMs: 1 }
  expect(write('ApiVersions', 3, response)).toBe(
    hex('0000', '02', '0012', '0000', '0003', '00', '00000001', '00').toString('hex'),
  )
})

test('OffsetCommit 7 carries a leader epoch per partition, a static id, and no retention time', () => {
  const bytes = hex(
    ...['0001', '67', '00000004', '0001', '6d', 'ffff'], // group g, generation 4, member m, no static id
    ...['00000001', '0001', '74', '00000001'], // topic t, one partition
    ...['00000002', '0000000000000005', '00000009', '0004', '6e6f7465'], // 2: offset 5, epoch 9, "note"
  )
  expect(read('OffsetCommit', 7, bytes)).toMatchObject({
    groupId: 'g',
    generationId: 4,
    memberId: 'm',
    groupInstanceId: null,
    topics: [{ name: 't', partitions: [{ index: 2, offset: 5, leaderEpoch: 9, metadata: 'note' }] }],
  })
})

test('OffsetCommit 6 has the leader epoch, not yet the static id', () => {
  const bytes = hex(
    '0001 67',
    '00000004',
    '0001 6d',
    '00000001',
    '0001 74',
    '00000001',
    '00000002',
    '0000000000000005',
    '00000009',
    'ffff',
  )
  expect(read('OffsetCommit', 6, bytes)).toMatchObject({
    topics: [{ name: 't', partitions: [{ index: 2, offset: 5, leaderEpoch: 9, metadata: null }] }],
  })
})

test('OffsetFetch 5 answers a leader epoch between offset and metadata', () => {
  const partition = { index: 2, offset: 5, leaderEpoch: 9, metadata: 'n', errorCode: 0 }
  expect(write('OffsetFetch', 5, { topics: [{ name: 't', partitions: [partition] }], errorCode: 0 })).toBe(
    hex(
      '00000000',
      '00000001',
      '0001 74',
      '00000001',
      '00000002',
      '0000000000000005',
      '00000009',
      '0001 6e',
      '0000',
      '0000',
    ).toString('hex'),
  )
})

test('a null topic list of OffsetFetch asks for everything', () => {
  expect(read('OffsetFetch', 5, hex('0001 67', 'ffffffff'))).toEqual({ groupId: 'g', topics: null })
})

test('LeaveGroup 3 answers each member', () => {
  const members = [{ memberId: 'm', groupInstanceId: null, errorCode: 25 }]
  expect(write('LeaveGroup', 3, { errorCode: 0, members })).toBe(
    hex('00000000', '0000', '00000001', '0001 6d', 'ffff', '0019').toString('hex'),
  )
})
