// kcat (librdkafka 2.0.2), the client nobody here had a hand in. Skipped where it is not installed.

import { execFile, spawnSync } from 'node:child_process'
import { gunzipSync } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import { startBroker } from '../src/index.ts'
import { readBatchHeader } from '../src/log/record-batch.ts'
import { connectAdmin, kafkaAt } from './kafkajs-client.ts'
import { kafkajsProtocol } from './kafkajs-protocol.ts'
import { RawClient } from './raw-client.ts'

const KCAT = 'kcat'
const hasKcat = spawnSync(KCAT, ['-V']).status === 0

function kcat(broker: string, args: readonly string[], input = ''): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = execFile(KCAT, ['-b', broker, ...args], { timeout: 20_000 }, (error, stdout, stderr) => {
      if (error === null) resolve(stdout)
      else reject(new Error(`kcat ${args.join(' ')}: ${stderr}`, { cause: error }))
    })
    child.stdin?.end(input)
  })
}

const lines = (from: number, to: number): string =>
  Array.from({ length: to - from }, (_, i) => `line ${from + i}\n`).join('')

/** The first batch of the partition, as it is on the wire. */
async function firstBatch(address: string, topic: string): Promise<Buffer> {
  await using raw = new RawClient(address)
  const topics = [{ topic, partitions: [{ partition: 0, fetchOffset: 0, maxBytes: 1 }] }]
  const fetch = kafkajsProtocol('Fetch', 4, { replicaId: -1, maxWaitTime: 0, minBytes: 0, maxBytes: 1, topics })
  const body = await raw.nextResponse(raw.sendRequest(1, 4, (await fetch.request.encode()).buffer))
  if (body === null) throw new Error('closed')
  // throttle 4, topics 4, name 2 + n, partitions 4, index 4, error 2, two offsets 16, aborted 4, records length 4
  return body.subarray(44 + topic.length)
}

describe.skipIf(!hasKcat)(hasKcat ? 'kcat' : 'kcat is not installed here (Debian package kcat)', () => {
  test.each(['none', 'gzip', 'snappy', 'lz4', 'zstd'] as const)(
    'writes and reads with %s, compressed where it says so',
    async (codec) => {
      await using broker = await startBroker({ port: 0 })
      await using admin = await connectAdmin(kafkaAt(broker.address))
      await admin.client.createTopics({ topics: [{ topic: 't' }] })
      await kcat(broker.address, ['-P', '-t', 't', '-p', '0', '-z', codec], lines(0, 200))
      expect(await kcat(broker.address, ['-C', '-t', 't', '-e', '-q'])).toBe(lines(0, 200))
      const batch = await firstBatch(broker.address, 't')
      expect(readBatchHeader(batch).compression).toBe(codec)
      if (codec === 'gzip') expect(gunzipSync(batch.subarray(61)).toString()).toContain('line 199')
    },
  )

  test('lists the broker and its topics', async () => {
    await using broker = await startBroker({ port: 0 })
    await using admin = await connectAdmin(kafkaAt(broker.address))
    await admin.client.createTopics({ topics: [{ topic: 't', numPartitions: 2 }] })
    const listing = await kcat(broker.address, ['-L'])
    expect(listing).toContain(`broker 1 at ${broker.address} (controller)`)
    expect(listing).toMatch(/topic "t" with 2 partitions:\n\s+partition 0, leader 1, replicas: 1, isrs: 1/)
  })

  test('reads as a member of a group and goes on where it left off', async () => {
    await using broker = await startBroker({ port: 0 })
    await using admin = await connectAdmin(kafkaAt(broker.address))
    await admin.client.createTopics({ topics: [{ topic: 't' }] })
    const asGroup = ['-X', 'auto.offset.reset=earliest', '-q', '-G', 'g', 't']
    await kcat(broker.address, ['-P', '-t', 't'], lines(0, 10))
    expect(await kcat(broker.address, ['-c', '10', ...asGroup])).toBe(lines(0, 10))
    await kcat(broker.address, ['-P', '-t', 't'], lines(10, 15))
    expect(await kcat(broker.address, ['-c', '5', ...asGroup])).toBe(lines(10, 15))
    expect(await admin.client.fetchOffsets({ groupId: 'g', topics: ['t'] })).toMatchObject([
      { partitions: [{ offset: '15' }] },
    ])
  })

  test('finds offsets by time', async () => {
    let nowMs = 1_700_000_000_000
    await using broker = await startBroker({ port: 0, now: () => nowMs })
    await using admin = await connectAdmin(kafkaAt(broker.address))
    const configEntries = [{ name: 'message.timestamp.type', value: 'LogAppendTime' }]
    await admin.client.createTopics({ topics: [{ topic: 't', configEntries }] })
    for (const text of ['a', 'b', 'c']) {
      await kcat(broker.address, ['-P', '-t', 't'], `${text}\n`)
      nowMs += 1_000
    }
    expect(await kcat(broker.address, ['-Q', '-t', 't:0:1700000000500'])).toContain('t [0] offset 1')
    expect(await kcat(broker.address, ['-C', '-t', 't', '-e', '-q', '-o', 's@1700000001000'])).toBe('b\nc\n')
  })
})
