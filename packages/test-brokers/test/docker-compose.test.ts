import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { parse } from 'yaml'
import { KAFKA_VERSION } from '../src/kafka/kafka-jars.ts'

interface Service {
  readonly image: string
  readonly ports: readonly string[]
  readonly environment: Readonly<Record<string, string | number>>
  readonly depends_on?: Readonly<Record<string, { readonly condition: string }>>
  readonly healthcheck: { readonly test: readonly string[]; readonly interval: string; readonly retries: number }
  readonly volumes?: readonly string[]
}

const compose = parse(readFileSync(join(import.meta.dirname, '../../../docker-compose.yml'), 'utf8')) as {
  readonly services: { readonly kafka: Service; readonly registry: Service }
  readonly volumes: Readonly<Record<string, unknown>>
}
const { kafka, registry } = compose.services

function listeners(text: string | number | undefined): ReadonlyMap<string, string> {
  return new Map(
    String(text)
      .split(',')
      .map((listener) => listener.split('://') as [string, string]),
  )
}

test('the Kafka of docker compose is the version the suites run on, of the official image', () => {
  expect(kafka.image).toBe(`apache/kafka:${KAFKA_VERSION}`)
})

test('every image is pinned and every service has a health check', () => {
  for (const { image, healthcheck } of [kafka, registry]) {
    expect(image).toMatch(/:\d+\.\d+\.\d+$/)
    expect(healthcheck.test[0]).toBe('CMD')
    expect(healthcheck.retries).toBeGreaterThan(0)
  }
})

test('every port is bound to loopback, at the numbers Towline defaults to', () => {
  const published = [...kafka.ports, ...registry.ports]
  expect(published).toEqual(['127.0.0.1:9092:9092', '127.0.0.1:8081:8081'])
})

test('the Kafka is one KRaft node that is broker and controller', () => {
  const { environment } = kafka
  expect(environment['KAFKA_PROCESS_ROLES']).toBe('broker,controller')
  expect(environment['KAFKA_CONTROLLER_QUORUM_VOTERS']).toBe(`${environment['KAFKA_NODE_ID']}@kafka:9093`)
  expect(Buffer.from(String(environment['CLUSTER_ID']), 'base64url')).toHaveLength(16)
})

test('this machine is told loopback, the registry is told the name of the container', () => {
  const { environment } = kafka
  const advertised = listeners(environment['KAFKA_ADVERTISED_LISTENERS'])
  expect(advertised.get('HOST')).toBe('127.0.0.1:9092')
  expect(advertised.get(String(environment['KAFKA_INTER_BROKER_LISTENER_NAME']))).toBe('kafka:19092')
  expect(registry.environment['KARAPACE_BOOTSTRAP_URI']).toBe('kafka:19092')
})

test('every listener has a security protocol, and all but that of the controller are advertised', () => {
  const { environment } = kafka
  const names = [...listeners(environment['KAFKA_LISTENERS']).keys()]
  const protocols = String(environment['KAFKA_LISTENER_SECURITY_PROTOCOL_MAP']).split(',')
  expect(protocols.map((entry) => entry.split(':')[0])).toEqual(names)
  const controller = environment['KAFKA_CONTROLLER_LISTENER_NAMES']
  expect([...listeners(environment['KAFKA_ADVERTISED_LISTENERS']).keys()]).toEqual(
    names.filter((name) => name !== controller),
  )
})

test('topics are made by towline, never by the broker, and internal ones need one replica', () => {
  const { environment } = kafka
  expect(environment['KAFKA_AUTO_CREATE_TOPICS_ENABLE']).toBe('false')
  for (const [name, value] of Object.entries(environment)) {
    if (/REPLICATION_FACTOR|MIN_ISR/.test(name)) expect(value).toBe(1)
  }
})

test('what Kafka holds outlives the container, and the registry waits until Kafka is healthy', () => {
  const [volume = ''] = kafka.volumes ?? []
  const [name = '', path] = volume.split(':')
  expect(compose.volumes).toHaveProperty(name)
  expect(path).toBe(kafka.environment['KAFKA_LOG_DIRS'])
  expect(registry.depends_on?.['kafka']?.condition).toBe('service_healthy')
})
