import { connect, createServer, type Socket } from 'node:net'

/** Kafka's API keys, as far as answers are changed here. */
export const API = { metadata: 3, apiVersions: 18, describeConfigs: 32 } as const

/** Changes the body of an answer, what follows its correlation id; may be shorter or longer afterwards. */
export type Meddle = (apiKey: number, body: Buffer) => Buffer

/** A broker that says other things of itself than it does: it stands before a real one and changes its answers. */
export interface MeddlingProxy extends AsyncDisposable {
  readonly address: string
}

/** @param advertisedPort what Metadata says instead of the real port. Default: the proxy's own. */
export async function meddleWith(broker: string, meddle: Meddle, advertisedPort?: number): Promise<MeddlingProxy> {
  const [host = '', realPort = ''] = broker.split(':')
  const sockets = new Set<Socket>()
  const server = createServer((client) => {
    const upstream = connect(Number(realPort), host)
    const apiKeys = new Map<number, number>()
    sockets.add(client).add(upstream)
    onFrames(client, (frame) => {
      apiKeys.set(frame.readInt32BE(4), frame.readInt16BE(0))
      upstream.write(framed(frame))
    })
    onFrames(upstream, (frame) => {
      const correlationId = frame.readInt32BE(0)
      const apiKey = apiKeys.get(correlationId) ?? -1
      const meddled = meddle(apiKey, withPort(apiKey, frame.subarray(4)))
      client.write(framed(Buffer.concat([frame.subarray(0, 4), meddled])))
    })
    client.on('close', () => upstream.destroy()).on('error', () => undefined)
    upstream.on('close', () => client.destroy()).on('error', () => undefined)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0

  function withPort(apiKey: number, body: Buffer): Buffer {
    if (apiKey !== API.metadata) return body
    const wanted = advertisedPort ?? port
    return replaced(
      body,
      Buffer.concat([text(host), int32(Number(realPort))]),
      Buffer.concat([text(host), int32(wanted)]),
    )
  }

  return {
    address: `127.0.0.1:${port}`,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

/** As Kafka writes a setting and its value: two strings one after the other. */
export function setting(name: string, value: string): Buffer {
  return Buffer.concat([text(name), text(value)])
}

/** @throws Error when nothing was there to replace: the test would prove nothing */
export function replaced(body: Buffer, from: Buffer, to: Buffer): Buffer {
  const at = body.indexOf(from)
  if (at < 0) throw new Error(`no ${from.toString('latin1')} in the answer`)
  return Buffer.concat([body.subarray(0, at), to, body.subarray(at + from.length)])
}

function onFrames(socket: Socket, handle: (frame: Buffer) => void): void {
  let pending = Buffer.alloc(0)
  socket.on('data', (chunk: Buffer) => {
    pending = Buffer.concat([pending, chunk])
    while (pending.length >= 4 && pending.length >= 4 + pending.readInt32BE(0)) {
      const end = 4 + pending.readInt32BE(0)
      handle(pending.subarray(4, end))
      pending = pending.subarray(end)
    }
  })
}

function framed(frame: Buffer): Buffer {
  return Buffer.concat([int32(frame.length), frame])
}

function int32(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeInt32BE(value)
  return bytes
}

function text(value: string): Buffer {
  const length = Buffer.alloc(2)
  length.writeInt16BE(Buffer.byteLength(value))
  return Buffer.concat([length, Buffer.from(value)])
}
