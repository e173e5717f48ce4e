import { connect } from 'node:net'
import { expect, test } from 'vitest'
import { testBrokers, uniqueNamespace } from '../src/index.ts'
import { givenKafka } from '../src/kafka/given-kafka.ts'
import { jarCache } from '../src/kafka/kafka-jars.ts'
import { javaMajor } from '../src/kafka/kafka-on-jvm.ts'
import { serverProperties } from '../src/kafka/server-properties.ts'

function canConnect(address: string): Promise<boolean> {
  const [host, port] = address.split(':')
  return new Promise((resolve) => {
    const socket = connect({ host: host ?? '', port: Number(port) }, () => {
      socket.destroy()
      resolve(true)
    })
    socket.once('error', () => resolve(false))
  })
}

test('the dev broker is always there, a Kafka where TOWLINE_BROKERS names one', () => {
  const names = (env: Record<string, string>): string[] => testBrokers(env).map(({ name }) => name)
  expect(names({})).toEqual(['dev broker'])
  expect(names({ TOWLINE_BROKERS: ' ' })).toEqual(['dev broker'])
  expect(names({ TOWLINE_BROKERS: '127.0.0.1:9092' })).toEqual(['dev broker', 'Apache Kafka'])
})

test('a dev broker that was started serves on loopback with a registry, and both are gone when it stops', async () => {
  const running = await testBrokers({})[0]?.start()
  if (running === undefined) throw new Error('no broker')
  const [address = ''] = running.brokers
  expect(await canConnect(address)).toBe(true)
  expect(await fetch(`${running.registry}/subjects`).then((response) => response.json())).toEqual([])
  await running.stop()
  await running.stop()
  expect(await canConnect(address)).toBe(false)
  await expect(fetch(`${running.registry}/subjects`)).rejects.toThrow()
})

test('a given Kafka comes as a list of addresses beside a registry, and stopping it leaves it alone', async () => {
  const kafka = testBrokers({ TOWLINE_BROKERS: 'a:9092, b:9092' })[1]
  await using running = await kafka?.start()
  expect(running).toMatchObject({ kind: 'kafka', brokers: ['a:9092', 'b:9092'] })
  expect(running?.faults).toBeUndefined()
})

test('namespaces are valid names and never the same', () => {
  const namespaces = Array.from({ length: 100 }, () => uniqueNamespace())
  expect(new Set(namespaces).size).toBe(100)
  for (const namespace of namespaces) expect(namespace).toMatch(/^[a-z][a-z0-9-]*$/)
})

test('without TOWLINE_BROKERS the search says so', () => {
  expect(givenKafka({})).toEqual({ kind: 'none', because: 'TOWLINE_BROKERS is not set' })
})

test('the jars are kept in the cache folder of the user', () => {
  expect(jarCache({ XDG_CACHE_HOME: '/cache' })).toBe('/cache/towline/apache-kafka-4.3.1')
  expect(jarCache({})).toMatch(/\.cache\/towline\/apache-kafka-4\.3\.1$/)
})

test('the version of java is read from what java says, old and new form', () => {
  expect(javaMajor('openjdk version "17.0.15" 2025-04-15')).toBe(17)
  expect(javaMajor('java version "1.8.0_402"')).toBe(8)
  expect(javaMajor('bash: java: command not found')).toBeNull()
})

test('a Kafka of ours listens on loopback only and makes no topics by itself', () => {
  const properties = serverProperties({ clientPort: 1234, controllerPort: 1235, dataFolder: '/data' })
  const lines = properties.trim().split('\n')
  expect(lines).toContain('listeners=PLAINTEXT://127.0.0.1:1234,CONTROLLER://127.0.0.1:1235')
  expect(lines).toContain('auto.create.topics.enable=false')
  expect(properties).not.toContain('0.0.0.0')
})
