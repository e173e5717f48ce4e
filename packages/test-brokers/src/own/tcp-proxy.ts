import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { setImmediate, setTimeout as sleep } from 'node:timers/promises'
import { Worker } from 'node:worker_threads'
import { BACKLOG, CUT, JOINED, type ProxyWorkerData } from './proxy-worker-data.ts'

/** A loopback connection takes far less; who gets none in this time is not answered. */
const UNANSWERED_MS = 200

/**
 * What clients reach a server through, to be cut off from it as by a network that drops every packet: while it is cut
 * nothing is read, written, accepted or closed, so that a client that connects waits until its own timeout. What was under
 * way arrives afterwards.
 *
 * Its sockets live in a thread that stands still meanwhile. Connections are left unanswered by a full backlog, whose
 * overflow Linux and macOS drop; Windows refuses it.
 */
export class TcpProxy {
  readonly port: number
  readonly #worker: Worker
  readonly #state: Int32Array<SharedArrayBuffer>
  /** They fill the backlog while it is cut. */
  #waiting: Socket[] = []

  private constructor(worker: Worker, state: Int32Array<SharedArrayBuffer>, port: number) {
    this.#worker = worker
    this.#state = state
    this.port = port
  }

  /** Listens on a free loopback port, for a server on another, which need not be there yet. */
  static async start(targetPort: number): Promise<TcpProxy> {
    const state = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT))
    const workerData: ProxyWorkerData = { targetPort, state }
    const worker = new Worker(new URL('./tcp-proxy-worker.ts', import.meta.url), { workerData })
    const [port] = await once(worker, 'message')
    return new TcpProxy(worker, state, port)
  }

  /** Resolves when nothing gets through any more. */
  async cut(): Promise<void> {
    if (Atomics.exchange(this.#state, 0, CUT) === CUT) return
    this.#worker.postMessage('cut')
    await once(this.#worker, 'message')
    await this.#fillBacklog()
  }

  restore(): void {
    Atomics.store(this.#state, 0, JOINED)
    Atomics.notify(this.#state, 0)
    for (const socket of this.#waiting.splice(0)) socket.destroy()
  }

  async stop(): Promise<void> {
    this.restore()
    await this.#worker.terminate()
  }

  async #fillBacklog(): Promise<void> {
    // Twice: macOS lets half as many again wait.
    for (let sockets = 0; sockets < 2 * BACKLOG; sockets += 1) {
      const socket = connect({ port: this.port, host: '127.0.0.1' })
      socket.on('error', () => undefined)
      const answered = once(socket, 'connect').catch(() => undefined)
      await Promise.race([answered, sleep(UNANSWERED_MS, undefined, { ref: false })])
      await setImmediate() // A process that was held up sees the timer first, and only then that it was answered.
      if (socket.connecting || socket.destroyed) {
        socket.destroy()
        return
      }
      this.#waiting.push(socket)
    }
  }
}
