// One client connection. Requests are served one at a time and answered in order, as Kafka does by muting the channel.
//   C1. No more is read while many requests wait, nor is the next one served while the client does not take its answers.
//   C2. Whatever goes wrong with one connection ends that connection and nothing else.

import { once } from 'node:events'
import type { Socket } from 'node:net'
import { FrameSplitter } from './frame-splitter.ts'
import { type ServeContext, type Served, serveFrame } from './serve-frame.ts'

/** What a connection is given: the rest of its requests' context is its own. */
export type ConnectionContext = Omit<ServeContext, 'clientHost' | 'connectionClosed' | 'onClientId'>

const MAX_WAITING_FRAMES = 32

export class Connection {
  readonly #socket: Socket
  readonly #context: ServeContext
  readonly #splitter = new FrameSplitter()
  readonly #waiting: Buffer[] = []
  readonly #closed = new AbortController()
  #clientId = ''
  #phase: 'idle' | 'serving' | 'closing' = 'idle'

  constructor(socket: Socket, context: ConnectionContext) {
    this.#socket = socket
    const clientHost = `/${socket.remoteAddress ?? ''}`
    const onClientId = (clientId: string): void => {
      this.#clientId = clientId
    }
    this.#context = { ...context, clientHost, onClientId, connectionClosed: this.#closed.signal }
    socket.on('data', (chunk) => this.#receive(chunk))
    // Follows every error; a client that went away is no event here.
    socket.on('error', () => undefined)
    socket.on('close', () => this.#closed.abort())
  }

  /** Of its latest request; empty before the first. */
  get clientId(): string {
    return this.#clientId
  }

  close(): void {
    this.#socket.destroy()
  }

  /** Ends it with RST instead of FIN: the peer reads ECONNRESET, and loses what it has not read yet. */
  reset(): void {
    this.#phase = 'closing'
    this.#socket.resetAndDestroy()
  }

  #receive(chunk: Buffer): void {
    if (this.#phase === 'closing') return
    try {
      this.#waiting.push(...this.#splitter.push(chunk))
    } catch (error) {
      this.#giveUp(error)
      return
    }
    if (this.#waiting.length > MAX_WAITING_FRAMES) this.#socket.pause() // C1
    if (this.#phase === 'idle') void this.#serveWaiting()
  }

  async #serveWaiting(): Promise<void> {
    this.#phase = 'serving'
    try {
      for (let frame = this.#waiting.shift(); frame !== undefined; frame = this.#waiting.shift()) {
        const served = await serveFrame(frame, this.#context)
        if (this.#closed.signal.aborted) return
        await this.#send(served)
        if (served.next === 'close') return this.#finish()
        if (served.next === 'reset') return this.reset()
        if (this.#waiting.length === 0 && this.#socket.isPaused()) this.#socket.resume()
      }
      this.#phase = 'idle'
    } catch (error) {
      this.#giveUp(error)
    }
  }

  async #send({ chunks }: Served): Promise<void> {
    const socket = this.#socket
    let isTaken = true
    if (chunks.length > 1) socket.cork()
    for (const chunk of chunks) isTaken = socket.write(chunk)
    if (chunks.length > 1) socket.uncork()
    // C1
    if (!isTaken && socket.writableNeedDrain)
      await once(socket, 'drain', { signal: this.#closed.signal }).catch(() => undefined)
  }

  /** Closes once what was written is on its way. */
  #finish(): void {
    this.#phase = 'closing'
    this.#waiting.length = 0
    this.#socket.destroySoon()
  }

  /** C2 */
  #giveUp(error: unknown): void {
    this.#phase = 'closing'
    this.#context.log('warn', 'connection closed: not understood', { clientHost: this.#context.clientHost, error })
    this.#socket.destroy()
  }
}
