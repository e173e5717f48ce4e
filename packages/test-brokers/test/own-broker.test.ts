import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { ownBrokers } from '../src/index.ts'
import { TcpProxy } from '../src/own/tcp-proxy.ts'

describe('a network', () => {
  const heard: Socket[] = []
  const server = createServer((socket) => {
    heard.push(socket)
    socket.on('error', () => undefined).pipe(socket)
  })
  let proxy: TcpProxy

  beforeAll(async () => {
    await once(server.listen(0, '127.0.0.1'), 'listening')
    proxy = await TcpProxy.start((server.address() as AddressInfo).port)
  })
  afterAll(async () => {
    await proxy.stop()
    for (const socket of heard) socket.destroy()
    server.close()
  })

  async function open(): Promise<{ readonly socket: Socket; readonly echo: () => string }> {
    const socket = connect({ port: proxy.port, host: '127.0.0.1' })
    let echo = ''
    socket.on('data', (bytes) => {
      echo += String(bytes)
    })
    await once(socket, 'connect')
    return { socket, echo: () => echo }
  }

  /** What becomes of a connection in the time that thousands take on loopback. */
  async function fateOf(socket: Socket): Promise<string> {
    const connected = once(socket, 'connect').then(
      () => 'connected',
      () => 'refused',
    )
    return await Promise.race([connected, sleep(300, 'unanswered')])
  }

  test('that is cut drops what is sent, tells nobody of it, and delivers when it is restored', async () => {
    const { socket, echo } = await open()
    socket.write('a')
    await vi.waitFor(() => expect(echo()).toBe('a'))
    await proxy.cut()
    socket.write('b')
    await sleep(100) // long enough for any byte to go round on loopback
    expect(echo()).toBe('a')
    proxy.restore()
    await vi.waitFor(() => expect(echo()).toBe('ab'))
    socket.destroy()
  })

  test('that is cut answers no new connection, however many try; those that wait get theirs when it is restored', async () => {
    await proxy.cut()
    const late = Array.from({ length: 5 }, () => connect({ port: proxy.port, host: '127.0.0.1' }))
    expect(await Promise.all(late.map(fateOf))).toEqual(late.map(() => 'unanswered'))
    const connected = late.map((socket) => once(socket, 'connect'))
    proxy.restore()
    await Promise.all(connected)
    const [first] = late
    first?.write('c')
    const [echo] = await once(first as Socket, 'data')
    expect(String(echo)).toBe('c')
    for (const socket of late) socket.destroy()
  })

  test('is cut and restored again and again', async () => {
    const { socket, echo } = await open()
    for (const said of ['a', 'ab', 'abc']) {
      await proxy.cut()
      await proxy.cut()
      socket.write(said.slice(-1))
      proxy.restore()
      await vi.waitFor(() => expect(echo()).toBe(said))
    }
    socket.destroy()
  })

  test('that is cut keeps the end of a connection from the other side until it is restored', async () => {
    const { socket, echo } = await open()
    socket.write('a')
    await vi.waitFor(() => expect(echo()).toBe('a'))
    const other = heard.at(-1)
    await proxy.cut()
    socket.destroy()
    await sleep(100) // long enough for any byte to go round on loopback
    expect(other?.destroyed).toBe(false)
    proxy.restore()
    await vi.waitFor(() => expect(other?.destroyed).toBe(true))
  })
})

test('a broker of its own is killed and starts again at its address', async () => {
  const [devBroker] = await ownBrokers({})
  await using broker = await devBroker?.start()
  const [address = ''] = broker?.brokers ?? []
  expect(await isServed(address)).toBe(true)
  await broker?.kill()
  expect(await isServed(address)).toBe(false)
  await broker?.restart()
  expect(await isServed(address)).toBe(true)
})

/** Whether what is behind this address keeps a connection open: a proxy accepts it, and closes it where nothing is. */
async function isServed(address: string): Promise<boolean> {
  const socket = connect({ host: '127.0.0.1', port: Number(address.split(':')[1]) })
  try {
    // ApiVersions, version 0, of a client without a name.
    socket.write(Buffer.from('0000000a' + '0012' + '0000' + '00000001' + 'ffff', 'hex'))
    const [answer] = await Promise.race([once(socket, 'data'), once(socket, 'close')])
    return Buffer.isBuffer(answer)
  } catch {
    return false
  } finally {
    socket.destroy()
  }
}
