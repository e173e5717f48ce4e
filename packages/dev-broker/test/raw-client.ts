// A client without manners: sends the bytes it is given, and tells what came back.

import { createConnection, type Socket } from 'node:net'
import type { ApiName } from '../src/apis/api.ts'
import { kafkajsProtocol } from './kafkajs-protocol.ts'

export class RawClient implements AsyncDisposable {
  readonly #socket: Socket
  readonly #clientId: string
  readonly closed: Promise<void>
  #received = Buffer.alloc(0)
  #correlationId = 0
  #wake: () => void = () => undefined
  #isClosed = false
  #failure: string | undefined

  constructor(address: string, clientId = 'raw') {
    const [host, port] = address.split(':')
    this.#clientId = clientId
    this.#socket = createConnection({ host: host ?? '', port: Number(port) })
    this.#socket.on('error', (error: NodeJS.ErrnoException) => {
      this.#failure = error.code
    })
    this.#socket.on('data', (chunk) => {
      this.#received = Buffer.concat([this.#received, chunk])
      this.#wake()
    })
    this.closed = new Promise((resolve) => {
      this.#socket.once('close', () => {
        this.#isClosed = true
        this.#wake()
        resolve()
      })
    })
  }

  /** The code of the error that ended it, for example ECONNRESET. */
  get failure(): string | undefined {
    return this.#failure
  }

  sendBytes(bytes: Uint8Array): void {
    this.#socket.write(bytes)
  }

  sendRequest(apiKey: number, apiVersion: number, body: Uint8Array): number {
    this.#correlationId += 1
    const clientId = Buffer.from(this.#clientId)
    const header = Buffer.alloc(14)
    header.writeInt32BE(10 + clientId.length + body.length, 0)
    header.writeInt16BE(apiKey, 4)
    header.writeInt16BE(apiVersion, 6)
    header.writeInt32BE(this.#correlationId, 8)
    header.writeInt16BE(clientId.length, 12)
    this.sendBytes(Buffer.concat([header, clientId, body]))
    return this.#correlationId
  }

  /** The next response's body, or null when the connection is closed instead. */
  async nextResponse(correlationId: number): Promise<Buffer | null> {
    for (;;) {
      const frame = this.#takeFrame()
      if (frame !== null) {
        if (frame.readInt32BE(0) !== correlationId) throw new Error(`answer to ${frame.readInt32BE(0)} out of turn`)
        return frame.subarray(4)
      }
      if (this.#isClosed) return null
      await new Promise<void>((resolve) => {
        this.#wake = resolve
      })
    }
  }

  /** Sends what kafkajs would send and decodes the answer as kafkajs would; null when the connection is closed instead. */
  async request<Answer>(api: ApiName, version: number, args: object): Promise<Answer | null> {
    const { request, response } = kafkajsProtocol(api, version, args)
    const { buffer } = await request.encode()
    const answer = await this.nextResponse(this.sendRequest(request.apiKey, request.apiVersion, buffer))
    return answer === null ? null : ((await response.decode(answer)) as Answer)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#socket.destroy()
    await this.closed
  }

  #takeFrame(): Buffer | null {
    if (this.#received.length < 4) return null
    const end = 4 + this.#received.readInt32BE(0)
    if (this.#received.length < end) return null
    const frame = this.#received.subarray(4, end)
    this.#received = this.#received.subarray(end)
    return frame
  }
}
