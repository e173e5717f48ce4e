import { createServer } from 'node:net'
import { SchemaRegistry, SchemaType } from '@kafkajs/confluent-schema-registry'
import { describe, expect, test } from 'vitest'
import { DevBrokerError } from '../src/dev-broker-error.ts'
import { startRegistry } from '../src/registry/start-registry.ts'

async function statusOf(url: string): Promise<number> {
  return (await fetch(url)).status
}

test('listens on a free port of 127.0.0.1 and says where', async () => {
  await using registry = await startRegistry({ port: 0 })
  expect(registry.url).toMatch(/^http:\/\/127\.0\.0\.1:[1-9][0-9]*$/)
  expect(await statusOf(registry.url)).toBe(200)
})

test.each(['::1', 'localhost'])('listens on %s too', async (host) => {
  await using registry = await startRegistry({ host, port: 0 })
  expect(await statusOf(registry.url)).toBe(200)
})

test.each(['0.0.0.0', '::', '192.168.1.10', 'registry.example', '127.evil.example'])(
  'refuses to listen on %s, since it has no authentication',
  async (host) => {
    await expect(startRegistry({ host, port: 0 })).rejects.toMatchObject({
      code: 'TOWLINE_DEV_BROKER_NOT_LOOPBACK',
      value: host,
    })
  },
)

test('says that a port is taken, which, and what to do', async () => {
  await using first = await startRegistry({ port: 0 })
  const port = Number(new URL(first.url).port)
  const error: unknown = await startRegistry({ port }).catch((thrown: unknown) => thrown)
  expect(error).toBeInstanceOf(DevBrokerError)
  expect(error).toMatchObject({
    code: 'TOWLINE_DEV_BROKER_PORT_TAKEN',
    value: `127.0.0.1:${port}`,
    message: expect.stringContaining('choose another port'),
  })
})

test('says that no such port exists', async () => {
  await expect(startRegistry({ port: 65_536 })).rejects.toMatchObject({ code: 'TOWLINE_DEV_BROKER_CANNOT_LISTEN' })
})

test('stop cuts connections, frees the port, and may be called twice', async () => {
  const registry = await startRegistry({ port: 0 })
  await statusOf(registry.url) // leaves a kept-alive connection open
  await Promise.all([registry.stop(), registry.stop()])
  await registry.stop()
  await registry.faults.setOutage(null)
  await using next = await startRegistry({ port: Number(new URL(registry.url).port) })
  expect(await statusOf(next.url)).toBe(200)
})

describe('an outage', () => {
  const schema = { type: SchemaType.AVRO, schema: '{"type":"record","name":"R","fields":[]}' } as const

  test('of kind 500 answers every request with it, and what was stored survives', async () => {
    await using registry = await startRegistry({ port: 0 })
    const { id } = await new SchemaRegistry({ host: registry.url }).register(schema, { subject: 's' })
    await registry.faults.setOutage('500')
    const client = new SchemaRegistry({ host: registry.url, retry: { retries: 0 } })
    await expect(client.getSchema(id)).rejects.toMatchObject({ status: 500 })
    await registry.faults.setOutage(null)
    await expect(client.getSchema(id)).resolves.toBeDefined()
  })

  test('of kind hang takes requests and never answers them', async () => {
    await using registry = await startRegistry({ port: 0 })
    await registry.faults.setOutage('hang')
    await expect(fetch(registry.url, { signal: AbortSignal.timeout(200) })).rejects.toMatchObject({
      name: 'TimeoutError',
    })
    await registry.faults.setOutage(null)
    expect(await statusOf(registry.url)).toBe(200)
  })

  test('of kind hang does not keep stop from ending', async () => {
    const registry = await startRegistry({ port: 0 })
    await registry.faults.setOutage('hang')
    const hanging = fetch(registry.url)
    hanging.catch(() => {})
    const later = fetch(registry.url, { signal: AbortSignal.timeout(100) })
    await expect(later).rejects.toThrow() // by then the registry holds the first request
    await registry.stop()
    await expect(hanging).rejects.toThrow()
  })

  test('of kind refuse is a closed port, and ends on the same one', async () => {
    await using registry = await startRegistry({ port: 0 })
    const before = registry.url
    await registry.faults.setOutage('refuse')
    await expect(fetch(before)).rejects.toMatchObject({ cause: { code: 'ECONNREFUSED' } })
    await registry.faults.setOutage(null)
    expect(registry.url).toBe(before)
    expect(await statusOf(before)).toBe(200)
  })

  test('of kind refuse cannot end while somebody else holds the port', async () => {
    await using registry = await startRegistry({ port: 0 })
    const port = Number(new URL(registry.url).port)
    await registry.faults.setOutage('refuse')
    const squatter = createServer().listen(port, '127.0.0.1')
    await new Promise((resolve) => squatter.once('listening', resolve))
    await expect(registry.faults.setOutage(null)).rejects.toMatchObject({ code: 'TOWLINE_DEV_BROKER_PORT_TAKEN' })
    squatter.close()
  })
})
