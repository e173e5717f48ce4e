import { once } from 'node:events'
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net'
import type { ISocketFactory } from 'kafkajs'
import { afterEach, expect, test } from 'vitest'
import type { Broker, KafkajsInternals } from '../../../src/kafkajs/kafkajs-internals.ts'
import { socketFactory } from '../../../src/kafkajs/socket-factory.ts'
import { BOTH } from '../pristine-kafkajs.ts'

/** ApiVersions: correlation id · no error · one API, Produce 0–7 · no throttling. */
function apiVersionsAnswer(request: Buffer): Buffer {
  const answer = Buffer.alloc(4 + 4 + 2 + 4 + 6 + 4)
  answer.writeInt32BE(answer.length - 4, 0)
  answer.writeInt32BE(request.readInt32BE(8), 4)
  answer.writeInt32BE(1, 10)
  answer.writeInt16BE(7, 18)
  return answer
}

const servers: Server[] = []

async function serve(onRequest: (socket: Socket, request: Buffer, connection: number) => void): Promise<number> {
  let connections = 0
  const server = createServer((socket) => {
    connections += 1
    const connection = connections
    socket.on('error', () => undefined)
    socket.on('data', (request) => onRequest(socket, request, connection))
  })
  servers.push(server)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return (server.address() as AddressInfo).port
}

async function brokerAt(
  port: number,
  { Broker, connectionPoolBuilder, createLogger }: KafkajsInternals,
  sockets: ISocketFactory = socketFactory(),
): Promise<Broker> {
  const logger = createLogger({ level: 0, logCreator: () => () => undefined })
  const pools = connectionPoolBuilder({
    socketFactory: sockets,
    brokers: [`127.0.0.1:${port}`],
    clientId: 'test',
    requestTimeout: 300,
    connectionTimeout: 300,
    enforceRequestTimeout: true,
    logger,
  })
  const connectionPool = await pools.build({ host: '127.0.0.1', port })
  return new Broker({ connectionPool, logger, allowAutoTopicCreation: false })
}

afterEach(() => {
  for (const server of servers.splice(0)) server.close()
})

test.each(BOTH)(
  'a connection lost in the middle of an answer works again when reopened (patched: $patched)',
  async ({ patched, load }) => {
    const port = await serve((socket, request, connection) => {
      const answer = apiVersionsAnswer(request)
      if (connection === 1) socket.end(answer.subarray(0, answer.length - 5))
      else socket.write(answer)
    })
    const broker = await brokerAt(port, load())
    await expect(broker.connect()).rejects.toThrow()
    await broker.disconnect()
    if (patched) await expect(broker.connect()).resolves.toBeUndefined()
    else await expect(broker.connect()).rejects.toThrow(/timed out/)
    await broker.disconnect()
  },
)

test.each(BOTH)(
  'requests that find the connection closed open it once (patched: $patched)',
  async ({ patched, load }) => {
    const port = await serve(() => undefined)
    let sockets = 0
    const counted: ISocketFactory = (options) => {
      sockets += 1
      return socketFactory()(options)
    }
    const { connectionPool } = (await brokerAt(port, load(), counted)) as unknown as {
      connectionPool: { getConnection(): Promise<{ disconnect(): Promise<unknown> }> }
    }
    const [connection] = await Promise.all([connectionPool.getConnection(), connectionPool.getConnection()])
    expect(sockets).toBe(patched ? 1 : 2)
    await connection.disconnect()
  },
)
