import { appendFileSync, mkdirSync, readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { ConfigResourceTypes } from 'kafkajs'
import { describe, expect, test, vi } from 'vitest'
import { type DevBrokerWithRegistry, startBroker, startDevBroker, startRegistry } from '../src/index.ts'
import { dataFolder } from './data-folder.ts'
import { connectAdmin, connectProducer, kafkaAt, runConsumer } from './kafkajs-client.ts'
import { RawClient } from './raw-client.ts'

interface Logged {
  readonly level: string
  readonly message: string
  readonly fields: Readonly<Record<string, unknown>>
}

async function start(dataDir: string, logged: Logged[] = []): Promise<DevBrokerWithRegistry> {
  return await startDevBroker({
    ...{ port: 0, registryPort: 0, minSessionTimeoutMs: 1_000, dataDir },
    log: (level, message, fields = {}) => {
      if (level !== 'info') logged.push({ level, message, fields })
    },
  })
}

/** Does something with a broker on `dataDir` and stops it. */
async function during<Result>(
  dataDir: string,
  work: (running: DevBrokerWithRegistry) => Promise<Result>,
): Promise<Result> {
  await using running = await start(dataDir)
  return await work(running)
}

async function send(brokers: string, topic: string, values: readonly string[]): Promise<void> {
  await using producer = await connectProducer(kafkaAt(brokers))
  await producer.client.send({ topic, messages: values.map((value) => ({ value, partition: 0 })) })
}

async function createTopic(
  brokers: string,
  topic: string,
  configs: Readonly<Record<string, string>> = {},
): Promise<void> {
  await using admin = await connectAdmin(kafkaAt(brokers))
  const configEntries = Object.entries(configs).map(([name, value]) => ({ name, value }))
  await admin.client.createTopics({ topics: [{ topic, numPartitions: 2, configEntries }] })
}

async function commit(brokers: string, group: string, offset: number, metadata: string): Promise<void> {
  await using raw = new RawClient(brokers)
  const topics = [{ topic: 't', partitions: [{ partition: 0, offset: String(offset), metadata }] }]
  await raw.request('OffsetCommit', 5, { groupId: group, groupGenerationId: -1, memberId: '', topics })
}

async function committed(brokers: string, group: string): Promise<unknown> {
  await using admin = await connectAdmin(kafkaAt(brokers))
  return (await admin.client.fetchOffsets({ groupId: group, topics: ['t'] }))[0]?.partitions[0]
}

async function values(brokers: string, topic: string, count: number): Promise<readonly string[]> {
  await using consumer = await runConsumer(kafkaAt(brokers), `reader-${Math.random()}`, [topic], {
    sessionTimeout: 1_000,
  })
  await vi.waitFor(() => expect(consumer.received.length).toBeGreaterThanOrEqual(count), 5_000)
  return consumer.received.map(({ value }) => value)
}

async function offsets(brokers: string, topic: string): Promise<readonly (readonly [low: string, high: string])[]> {
  await using admin = await connectAdmin(kafkaAt(brokers))
  const partitions = await admin.client.fetchTopicOffsets(topic)
  return partitions.toSorted((a, b) => a.partition - b.partition).map(({ low, high }) => [low, high] as const)
}

describe('a broker that starts on what another left', () => {
  test('has its topics, settings, records and committed offsets', async () => {
    using folder = dataFolder()
    await during(folder.path, async ({ brokers }) => {
      await createTopic(brokers, 't', { 'retention.ms': '123456789' })
      await send(brokers, 't', ['a', 'b', 'c'])
      await commit(brokers, 'g', 2, 'a note')
    })
    await during(folder.path, async ({ brokers }) => {
      expect(await offsets(brokers, 't')).toEqual([
        ['0', '3'],
        ['0', '0'],
      ])
      expect(await values(brokers, 't', 3)).toEqual(['a', 'b', 'c'])
      expect(await committed(brokers, 'g')).toMatchObject({ offset: '2', metadata: 'a note' })
      await using admin = await connectAdmin(kafkaAt(brokers))
      const resources = [{ type: ConfigResourceTypes.TOPIC, name: 't', configNames: ['retention.ms'] }]
      const { resources: described } = await admin.client.describeConfigs({ resources, includeSynonyms: false })
      expect(described[0]?.configEntries[0]?.configValue).toBe('123456789')
      await send(brokers, 't', ['d'])
    })
    await during(folder.path, async ({ brokers }) =>
      expect(await values(brokers, 't', 4)).toEqual(['a', 'b', 'c', 'd']),
    )
  })

  test('keeps the start of a log, also when nothing is left in it', async () => {
    using folder = dataFolder()
    await during(folder.path, async ({ brokers }) => {
      await createTopic(brokers, 't')
      for (const value of ['a', 'b', 'c']) await send(brokers, 't', [value])
      await using admin = await connectAdmin(kafkaAt(brokers))
      await admin.client.fetchTopicOffsets('t') // or kafkajs has not loaded what it needs
      await admin.client.deleteTopicRecords({ topic: 't', partitions: [{ partition: 0, offset: '2' }] })
    })
    await during(folder.path, async ({ brokers }) => {
      expect((await offsets(brokers, 't'))[0]).toEqual(['2', '3'])
      expect(await values(brokers, 't', 1)).toEqual(['c'])
      await using admin = await connectAdmin(kafkaAt(brokers))
      await admin.client.fetchTopicOffsets('t')
      await admin.client.deleteTopicRecords({ topic: 't', partitions: [{ partition: 0, offset: '-1' }] })
    })
    await during(folder.path, async ({ brokers }) => {
      expect((await offsets(brokers, 't'))[0]).toEqual(['3', '3'])
      await send(brokers, 't', ['d'])
      expect((await offsets(brokers, 't'))[0]).toEqual(['3', '4'])
    })
    await during(folder.path, async ({ brokers }) => expect(await values(brokers, 't', 1)).toEqual(['d']))
  })

  test('does not bring back a deleted topic, its records or what groups committed of it', async () => {
    using folder = dataFolder()
    await during(folder.path, async ({ brokers }) => {
      await createTopic(brokers, 't')
      await send(brokers, 't', ['old'])
      await commit(brokers, 'g', 1, '')
      await using admin = await connectAdmin(kafkaAt(brokers))
      await admin.client.deleteTopics({ topics: ['t'] })
      await createTopic(brokers, 't')
      await send(brokers, 't', ['new'])
    })
    await during(folder.path, async ({ brokers }) => {
      expect(await values(brokers, 't', 1)).toEqual(['new'])
      expect(await committed(brokers, 'g')).toMatchObject({ offset: '-1' })
    })
    expect(readdirSync(join(folder.path, 'topics'))).toHaveLength(1)
  })

  test('has grown topics grown, and deleted and aged groups gone', async () => {
    using folder = dataFolder()
    await during(folder.path, async ({ brokers, broker }) => {
      await createTopic(brokers, 't')
      await using admin = await connectAdmin(kafkaAt(brokers))
      await admin.client.createPartitions({ topicPartitions: [{ topic: 't', count: 5 }] })
      for (const group of ['kept', 'deleted', 'aged']) await commit(brokers, group, 1, '')
      await admin.client.deleteGroups(['deleted'])
      broker.faults.expireOffsets('aged')
    })
    await during(folder.path, async ({ brokers }) => {
      expect(await offsets(brokers, 't')).toHaveLength(5)
      await using admin = await connectAdmin(kafkaAt(brokers))
      expect((await admin.client.listGroups()).groups.map(({ groupId }) => groupId)).toEqual(['kept'])
    })
  })

  test('counts the generations of a group on', async () => {
    using folder = dataFolder()
    const generation = (): Promise<number> =>
      during(folder.path, async ({ brokers }) => {
        await using raw = new RawClient(brokers)
        const protocols = [{ name: 'p', metadata: Buffer.from('m') }]
        const join = {
          groupId: 'g',
          sessionTimeout: 5_000,
          memberId: '',
          protocolType: 'consumer',
          groupProtocols: protocols,
        }
        return (
          (await raw.request<{ generationId: number }>('JoinGroup', 2, { ...join, rebalanceTimeout: 5_000 }))
            ?.generationId ?? 0
        )
      })
    expect([await generation(), await generation(), await generation()]).toEqual([1, 2, 3])
  })

  test('has the schemas under their ids, and the levels', async () => {
    using folder = dataFolder()
    const schema = (name: string): string => JSON.stringify({ type: 'record', name, fields: [] })
    const call = async (url: string, method = 'GET', body?: object): Promise<unknown> => {
      const headers = { 'content-type': 'application/json' }
      const answer = await fetch(url, {
        method,
        headers,
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      })
      return await answer.json()
    }
    await during(folder.path, async ({ registryUrl }) => {
      for (const [subject, name] of ['a:A', 'b:B', 'a2:A'].map((text) => text.split(':') as [string, string]))
        await call(`${registryUrl}/subjects/${subject}/versions`, 'POST', { schema: schema(name) })
      await call(`${registryUrl}/config`, 'PUT', { compatibility: 'NONE' })
      await call(`${registryUrl}/subjects/a/versions`, 'POST', { schema: '"string"' })
      await call(`${registryUrl}/config/a`, 'PUT', { compatibility: 'FULL_TRANSITIVE' })
    })
    for (const _ of ['once', 'and from what the first rewrote'])
      await during(folder.path, async ({ registryUrl }) => {
        expect(await call(`${registryUrl}/subjects`)).toEqual(['a', 'a2', 'b'])
        expect(await call(`${registryUrl}/schemas/ids/2`)).toEqual({ schema: schema('B') })
        expect(await call(`${registryUrl}/subjects/a2/versions/latest`)).toMatchObject({ id: 1, version: 1 })
        expect(await call(`${registryUrl}/subjects/a/versions/2`)).toMatchObject({ id: 3, schema: '"string"' })
        expect(await call(`${registryUrl}/config`)).toEqual({ compatibilityLevel: 'NONE' })
        expect(await call(`${registryUrl}/config/a`)).toEqual({ compatibilityLevel: 'FULL_TRANSITIVE' })
      })
  })

  test('finds a record by time in what it read from its files', async () => {
    using folder = dataFolder()
    await during(folder.path, async ({ brokers }) => {
      await createTopic(brokers, 't')
      await using producer = await connectProducer(kafkaAt(brokers))
      const messages = [100, 200, 300].map((at) => ({ value: `${at}`, timestamp: String(at), partition: 0 }))
      for (const message of messages) await producer.client.send({ topic: 't', messages: [message] })
    })
    await during(folder.path, async ({ brokers }) => {
      await using admin = await connectAdmin(kafkaAt(brokers))
      const found = await admin.client.fetchTopicOffsetsByTimestamp('t', 150)
      expect(found.find(({ partition }) => partition === 0)?.offset).toBe('1')
    })
  })
})

describe('what it is told of at start', () => {
  test('a log cut off where it is damaged, and nothing is served from there on', async () => {
    using folder = dataFolder()
    await during(folder.path, async ({ brokers }) => {
      await createTopic(brokers, 't')
      for (const value of ['a', 'b', 'c']) await send(brokers, 't', [value])
    })
    const path = logOf(folder.path, 't')
    const bytes = readFileSync(path)
    const third = (bytes.length / 3) * 2
    bytes.writeUInt8(bytes.readUInt8(third + 65) ^ 1, third + 65)
    writeFileSync(path, bytes)
    const logged: Logged[] = []
    await using running = await start(folder.path, logged)
    expect(logged).toEqual([
      {
        level: 'warn',
        message: 'a log is damaged',
        fields: {
          ...{ topic: 't', partition: 0, path, atOffset: 2, cutBytes: third / 2 },
          reason: 'the checksum is wrong',
        },
      },
    ])
    expect((await offsets(running.brokers, 't'))[0]).toEqual(['0', '2'])
    expect(statSync(path).size).toBe(third)
    await send(running.brokers, 't', ['d'])
    expect(await values(running.brokers, 't', 3)).toEqual(['a', 'b', 'd'])
  })

  test('records of a topic nobody knows are told of and left alone', async () => {
    using folder = dataFolder()
    const stranger = join(folder.path, 'topics', 'lost@abcde')
    mkdirSync(stranger, { recursive: true })
    const logged: Logged[] = []
    await using _ = await start(folder.path, logged)
    expect(logged[0]?.fields).toEqual({ strangers: ['lost@abcde'] })
    expect(statSync(stranger).isDirectory()).toBe(true)
  })

  test('a damaged journal is an error that says where and what to do, and lets go of the directory', async () => {
    using folder = dataFolder()
    await during(folder.path, ({ brokers }) => createTopic(brokers, 't'))
    const path = join(folder.path, 'broker.journal')
    const good = readFileSync(path, 'utf8')
    writeFileSync(path, good.replace('"name":"t"', '"name":"u"'))
    await expect(start(folder.path)).rejects.toMatchObject({
      code: 'TOWLINE_DEV_BROKER_DATA_CORRUPT',
      message: expect.stringMatching(/broker\.journal is damaged, or of another version: line \d+\. Put back a copy/),
    })
    writeFileSync(path, good)
    await during(folder.path, async ({ brokers }) => expect(await offsets(brokers, 't')).toHaveLength(2))
  })

  test('a directory that is none', async () => {
    using folder = dataFolder()
    const dataDir = join(folder.path, 'file')
    appendFileSync(dataDir, 'x')
    await expect(start(dataDir)).rejects.toMatchObject({
      code: 'TOWLINE_DEV_BROKER_DATA_UNUSABLE',
      message: expect.stringContaining(dataDir),
    })
  })
})

describe('a directory in use', () => {
  test('is refused with the pid, and free again when the broker has stopped', async () => {
    using folder = dataFolder()
    const first = await startBroker({ port: 0, dataDir: folder.path })
    const error = { code: 'TOWLINE_DEV_BROKER_DATA_LOCKED', message: expect.stringContaining(`process ${process.pid}`) }
    const link = join(folder.path, 'link')
    symlinkSync(folder.path, link)
    for (const dataDir of [folder.path, link])
      await expect(startBroker({ port: 0, dataDir })).rejects.toMatchObject(error)
    await first.stop()
    await using _ = await startBroker({ port: 0, dataDir: folder.path })
  })

  test('is free again when the port could not be had', async () => {
    using folder = dataFolder()
    await using other = await startBroker({ port: 0 })
    const starting = startDevBroker({ port: other.port, registryPort: 0, dataDir: folder.path })
    await expect(starting).rejects.toMatchObject({ code: 'TOWLINE_DEV_BROKER_PORT_TAKEN' })
    await during(folder.path, async () => undefined)
  })

  test('may be shared by a broker and a registry of its own', async () => {
    using folder = dataFolder()
    await using _ = await startBroker({ port: 0, dataDir: folder.path })
    await using registry = await startRegistry({ port: 0, dataDir: folder.path })
    await expect(startRegistry({ port: 0, dataDir: folder.path })).rejects.toMatchObject({
      code: 'TOWLINE_DEV_BROKER_DATA_LOCKED',
    })
    await registry.stop()
  })
})

function logOf(dataDir: string, topic: string): string {
  const folder = readdirSync(join(dataDir, 'topics')).find((name) => name.startsWith(`${topic}@`)) ?? ''
  return join(dataDir, 'topics', folder, '0', `${'0'.repeat(20)}.log`)
}
