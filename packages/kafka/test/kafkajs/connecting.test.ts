import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
import { setTimeout } from 'node:timers/promises'
import { connectKafka } from '@towline/kafka/kafkajs'
import { startDevCluster, testBrokers } from '@towline/test-brokers'
import { expect, test, vi } from 'vitest'

async function portNobodyListensOn(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}

test('connecting opens nothing; a port that cannot reach a broker names the addresses it tried', async () => {
  const addresses = [`127.0.0.1:${await portNobodyListensOn()}`, `127.0.0.1:${await portNobodyListensOn()}`]
  const kafka = connectKafka({ brokers: addresses, clientId: 'test' })
  const unavailable = { code: 'TOWLINE_BROKER_UNAVAILABLE', value: addresses.join(','), retriable: true }
  await expect(kafka.admin()).rejects.toMatchObject(unavailable)
  await expect(kafka.producer()).rejects.toMatchObject(unavailable)
  await expect(kafka.reader()).rejects.toMatchObject(unavailable)
})

test('something that listens but does not speak Kafka is no broker', async () => {
  const server = createServer((socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n')).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const kafka = connectKafka({ brokers: [`127.0.0.1:${port}`], clientId: 'test' })
  await expect(kafka.admin()).rejects.toMatchObject({ code: 'TOWLINE_BROKER_UNAVAILABLE' })
  server.close()
})

test('one address that answers is enough', async () => {
  const [devBroker] = testBrokers({})
  await using broker = await devBroker?.start()
  const dead = `127.0.0.1:${await portNobodyListensOn()}`
  const kafka = connectKafka({ brokers: [dead, ...(broker?.brokers ?? [])], clientId: 'test' })
  const admin = await kafka.admin()
  expect(await admin.brokerCount()).toBe(1)
  await admin.close()
})

test('a port whose broker went away says so after its retries', async () => {
  const [devBroker] = testBrokers({})
  const broker = await devBroker?.start()
  const kafka = connectKafka({ brokers: broker?.brokers ?? [], clientId: 'test' })
  const producer = await kafka.producer()
  await broker?.stop()
  await expect(producer.partitionCount('topic')).rejects.toMatchObject({ code: 'TOWLINE_BROKER_UNAVAILABLE' })
  const batch = { topic: 'topic', partition: 0, records: [{ key: null, value: null, headers: {} }] }
  expect(await producer.send([batch])).toMatchObject([{ kind: 'failed', error: { retriable: true } }])
  await producer.close()
})

test('calls that meet while a node is being connected to all wait for it', async () => {
  await using cluster = await startDevCluster(3)
  const kafka = connectKafka({ brokers: cluster.brokers, clientId: 'test' })
  const admin = await kafka.admin()
  await admin.createTopics([{ topic: 't', partitions: 9, replicationFactor: 1, configs: {} }])
  const fresh = await kafka.admin()
  const versions = Promise.withResolvers<void>()
  const fault = cluster.faults.add({ api: 'ApiVersions', hold: versions.promise })
  const first = fresh.offsets('t')
  await vi.waitFor(() => expect(fault.hits).toBeGreaterThan(0))
  const second = fresh.offsets('t')
  // Where it fails it does so at once; where it waits, as it should, nothing tells.
  await Promise.race([second.catch(() => undefined), setTimeout(100)])
  versions.resolve()
  expect((await Promise.all([first, second])).map((partitions) => partitions.length)).toEqual([9, 9])
  await Promise.all([admin.close(), fresh.close()])
})
