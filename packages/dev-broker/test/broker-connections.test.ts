import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { connect } from 'node:net'
import { text } from 'node:stream/consumers'
import fc from 'fast-check'
import { describe, expect, test, vi } from 'vitest'
import { DevBrokerError, KAFKA_ERRORS, type LogSink, startBroker, startDevBroker } from '../src/index.ts'
import { connectAdmin, kafkaAt } from './kafkajs-client.ts'
import { kafkajsProtocol } from './kafkajs-protocol.ts'
import { RawClient } from './raw-client.ts'

const API_VERSIONS = 18

async function isServing(address: string): Promise<boolean> {
  await using raw = new RawClient(address)
  return (await raw.request('ApiVersions', 2, {})) !== null
}

describe('bytes that are no request', () => {
  test('close their connection, and nothing else happens', async () => {
    await using broker = await startBroker({ port: 0 })
    const body = fc.oneof(
      fc.uint8Array({ maxLength: 200 }),
      // A likely API and version, so that the bytes reach the codecs.
      fc
        .tuple(fc.nat(45), fc.nat(12), fc.uint8Array({ maxLength: 60 }))
        .map(([key, version, rest]) => Uint8Array.from([0, key, 0, version, 0, 0, 0, 1, 0, 1, 0x63, ...rest])),
    )
    await fc.assert(
      fc.asyncProperty(body, async (bytes) => {
        const raw = new RawClient(broker.address)
        const prefix = Buffer.alloc(4)
        prefix.writeInt32BE(bytes.length)
        raw.sendBytes(prefix)
        raw.sendBytes(bytes)
        await raw[Symbol.asyncDispose]()
        expect(await isServing(broker.address)).toBe(true)
      }),
      { numRuns: 150 },
    )
  })

  test.each([
    ['a frame shorter than a header', '0000000400120000'],
    ['a frame of negative length', 'ffffffff'],
    ['a frame larger than Kafka takes', '7fffffff'],
    ['text of another protocol', Buffer.from('GET / HTTP/1.1\r\n\r\n').toString('hex')],
    ['an API nobody serves', '0000000a0063000000000001ffff'],
    ['a version that is not served', '0000000a0001000c00000001ffff'],
    ['a body cut short', '0000000a0001000b00000001ffff'],
  ])('%s: closed', async (_, hex) => {
    await using broker = await startBroker({ port: 0 })
    await using raw = new RawClient(broker.address)
    raw.sendBytes(Buffer.from(hex, 'hex'))
    await raw.closed
    expect(await isServing(broker.address)).toBe(true)
  })
})

test('an unknown version of ApiVersions is answered in version 0 with what would do', async () => {
  await using broker = await startBroker({ port: 0 })
  await using raw = new RawClient(broker.address)
  const body = await raw.nextResponse(raw.sendRequest(API_VERSIONS, 9, Buffer.from([0])))
  expect(body?.readInt16BE(0)).toBe(KAFKA_ERRORS.UNSUPPORTED_VERSION)
  expect(body?.readInt32BE(2)).toBe(20)
  expect(body).toHaveLength(6 + 20 * 6)
})

describe('requests of one connection', () => {
  test('are answered in order, one after the other, also when sent without waiting', async () => {
    await using broker = await startBroker({ port: 0 })
    await using admin = await connectAdmin(kafkaAt(broker.address))
    await admin.client.createTopics({ topics: [{ topic: 't' }] })
    await using raw = new RawClient(broker.address)
    const topics = [{ topic: 't', partitions: [{ partition: 0, fetchOffset: 0, maxBytes: 1_000 }] }]
    const poll = kafkajsProtocol('Fetch', 11, { replicaId: -1, maxWaitTime: 100, minBytes: 1, maxBytes: 1_000, topics })
    const ids = [raw.sendRequest(1, 11, (await poll.request.encode()).buffer)]
    for (let i = 0; i < 100; i++) ids.push(raw.sendRequest(API_VERSIONS, 2, Buffer.alloc(0)))
    for (const id of ids) expect(await raw.nextResponse(id)).not.toBeNull()
  })

  test('wait until the client takes its answers, and the others are served meanwhile', async () => {
    await using broker = await startBroker({ port: 0 })
    await using raw = new RawClient(broker.address)
    using served = broker.faults.add({ api: 'ApiVersions', clientId: 'lazy' })
    const [host, port] = broker.address.split(':')
    const lazy = connect({ host: host ?? '', port: Number(port) }).pause()
    lazy.on('error', () => undefined)
    const request = Buffer.from(`0000000e00120002000000010004${Buffer.from('lazy').toString('hex')}`, 'hex')
    const sent = 200_000
    lazy.write(Buffer.concat(Array<Buffer>(sent).fill(request)))
    await vi.waitFor(
      async () => {
        const before = served.hits
        for (let i = 0; i < 20; i++) expect(await raw.request('ApiVersions', 2, {})).not.toBeNull()
        expect(before).toBeGreaterThan(0)
        expect(served.hits).toBe(before)
      },
      { timeout: 10_000 },
    )
    expect(served.hits).toBeLessThan(sent)
    lazy.destroy()
  })
})

test('a client that sends more than is handled is made to wait', async () => {
  await using broker = await startBroker({ port: 0 })
  await using raw = new RawClient(broker.address)
  const gate = Promise.withResolvers<void>()
  using held = broker.faults.add({ api: 'ApiVersions', clientId: 'pushy', hold: gate.promise })
  const pushy = connect({ host: broker.host, port: broker.port }).resume()
  const frame = Buffer.alloc(100_000)
  Buffer.from(
    `${(99_996).toString(16).padStart(8, '0')}00120002000000010005${Buffer.from('pushy').toString('hex')}`,
    'hex',
  ).copy(frame)
  const sent = 800
  for (let i = 0; i < sent; i++) pushy.write(frame)
  await vi.waitFor(() => expect(held.hits).toBe(1))
  for (let i = 0; i < 500; i++) await raw.request('ApiVersions', 2, {})
  expect(pushy.writableLength).toBeGreaterThan(0)
  gate.resolve()
  await vi.waitFor(() => expect(held.hits).toBe(sent), { timeout: 10_000 })
  pushy.destroy()
})

test('what was sent behind a request that closes the connection is not handled', async () => {
  await using broker = await startBroker({ port: 0 })
  await using raw = new RawClient(broker.address)
  using versions = broker.faults.add({ api: 'ApiVersions' })
  raw.sendRequest(99, 0, Buffer.alloc(0))
  for (let i = 0; i < 3; i++) raw.sendRequest(API_VERSIONS, 2, Buffer.alloc(0))
  await raw.closed
  expect(versions.hits).toBe(0)
})

test('a handler that throws is told as UNKNOWN_SERVER_ERROR, logged, and its connection closed', async () => {
  let isBroken = false
  const now = (): number => {
    if (isBroken) throw new Error('no time')
    return Date.now()
  }
  const logged: { readonly level: string; readonly message: string }[] = []
  const log: LogSink = (level, message) => logged.push({ level, message })
  await using broker = await startBroker({ port: 0, now, log })
  await using raw = new RawClient(broker.address)
  await using admin = await connectAdmin(kafkaAt(broker.address))
  await admin.client.createTopics({ topics: [{ topic: 't' }] })
  const topicData = [{ topic: 't', partitions: [{ partition: 0, messages: [{ value: 'v' }] }] }]
  const { request, response } = kafkajsProtocol('Produce', 7, { acks: 1, timeout: 1_000, topicData })
  const { buffer } = await request.encode()
  isBroken = true
  const answer = await raw.nextResponse(raw.sendRequest(0, 7, buffer))
  isBroken = false
  expect(await response.decode(answer as Buffer)).toMatchObject({
    topics: [{ topicName: 't', partitions: [{ partition: 0, errorCode: KAFKA_ERRORS.UNKNOWN_SERVER_ERROR }] }],
  })
  await raw.closed
  expect(logged).toContainEqual({ level: 'error', message: 'Produce failed' })
  expect(await isServing(broker.address)).toBe(true)
})

describe('stopping', () => {
  test('closes every connection and frees the port, however often it is asked', async () => {
    const broker = await startBroker({ port: 0 })
    await using raw = new RawClient(broker.address)
    expect(await raw.request('ApiVersions', 2, {})).not.toBeNull()
    await Promise.all([broker.stop(), broker.stop()])
    await broker.stop()
    await raw.closed
    await using again = await startBroker({ port: broker.port })
    expect(again.address).toBe(broker.address)
    expect(await isServing(again.address)).toBe(true)
  })

  test('lets its process end, whatever was held up', async () => {
    const script = `
      import { createConnection } from 'node:net'
      import { setTimeout } from 'node:timers/promises'
      import { startBroker } from ${JSON.stringify(new URL('../src/index.ts', import.meta.url).href)}
      const broker = await startBroker({ port: 0 })
      const fault = broker.faults.add({ api: 'ApiVersions', delayMs: 600_000 })
      createConnection(broker.port, broker.host).on('error', () => undefined).write(Buffer.from('0000000a0012000200000001ffff', 'hex'))
      while (fault.hits === 0) await setTimeout(5)
      await broker.stop()
      console.log('stopped')`
    const child = spawn(process.execPath, ['--conditions=@towline/source', '--input-type=module', '-e', script], {
      stdio: ['ignore', 'pipe', 'inherit'],
      timeout: 10_000,
    })
    const [[code, signal], stdout] = await Promise.all([once(child, 'close'), text(child.stdout)])
    expect({ code, signal, stdout }).toEqual({ code: 0, signal: null, stdout: 'stopped\n' })
  })

  test('does not wait for a member that waits', async () => {
    const broker = await startBroker({ port: 0 })
    await using one = new RawClient(broker.address)
    const join = {
      ...{ groupId: 'g', sessionTimeout: 10_000, rebalanceTimeout: 600_000, memberId: '', protocolType: 'consumer' },
      groupProtocols: [{ name: 'a', metadata: Buffer.alloc(0) }],
    }
    expect(await one.request('JoinGroup', 3, join)).toMatchObject({ errorCode: 0 })
    await using two = new RawClient(broker.address)
    using joins = broker.faults.add({ api: 'JoinGroup' })
    const waiting = two.request('JoinGroup', 3, join)
    await vi.waitFor(() => expect(joins.hits).toBe(1))
    await broker.stop()
    expect(await waiting).toBeNull()
  })
})

describe('starting', () => {
  test('on a port that is taken is refused with a way out', async () => {
    await using broker = await startBroker({ port: 0 })
    const error: unknown = await startBroker({ port: broker.port }).catch((reason: unknown) => reason)
    expect(error).toBeInstanceOf(DevBrokerError)
    expect(error).toMatchObject({
      code: 'TOWLINE_DEV_BROKER_PORT_TAKEN',
      value: broker.address,
      message: expect.stringContaining('choose another port'),
    })
  })

  test.each(['0.0.0.0', '192.168.1.4', 'example.org', '::', ''])('on %j is refused: loopback only', async (host) => {
    await expect(startBroker({ host, port: 0 })).rejects.toMatchObject({
      code: 'TOWLINE_DEV_BROKER_NOT_LOOPBACK',
      value: host,
    })
  })

  test.each([
    ['port', 65_536],
    ['port', 1.5],
    ['port', Number.NaN],
    ['nodeId', -1],
    ['defaultPartitions', 0],
    ['maxLogBytes', 0],
    ['minSessionTimeoutMs', 0],
    ['registryPort', -1],
  ])('with %s = %d is refused, its bounds named', async (option, value) => {
    await expect(startDevBroker({ port: 0, registryPort: 0, [option]: value })).rejects.toMatchObject({
      code: 'TOWLINE_DEV_BROKER_OPTION_INVALID',
      value: String(value),
      message: expect.stringMatching(new RegExp(`${option} .*whole number from \\d+ to \\d+`)),
    })
  })

  test('on localhost means 127.0.0.1, for clients too', async () => {
    await using broker = await startBroker({ host: 'localhost', port: 0 })
    expect(broker.address).toBe(`127.0.0.1:${broker.port}`)
  })

  test('with the registry gives both, and neither when one cannot be had', async () => {
    await using both = await startDevBroker({ port: 0, registryPort: 0 })
    expect(both.brokers).toBe(both.broker.address)
    expect((await fetch(`${both.registryUrl}/subjects`)).status).toBe(200)
    const registryPort = Number(new URL(both.registryUrl).port)
    const port = both.broker.port
    await both.broker.stop()
    await expect(startDevBroker({ port, registryPort })).rejects.toMatchObject({
      code: 'TOWLINE_DEV_BROKER_PORT_TAKEN',
    })
    await using alone = await startBroker({ port })
    expect(alone.port).toBe(port)
  })
})
