import { setInterval } from 'node:timers/promises'
import type { Published, TestFleet } from './test-fleet.ts'
import { type Deed, work, type workType } from './work.ts'

const TICK_MS = 50
const KEYS = 20

/** Publishes keyed tasks at a steady pace until it is stopped, whatever becomes of those before. */
export class Load {
  readonly #sending: Promise<Published>[] = []
  readonly #stop = new AbortController()
  readonly #running: Promise<void>

  private constructor(send: (n: number) => Promise<Published>, perTick: number) {
    this.#running = this.#run(send, perTick)
  }

  static start(
    fleet: TestFleet,
    type: ReturnType<typeof workType>,
    { perSecond, deedOf }: { readonly perSecond: number; readonly deedOf: (n: number) => Deed },
  ): Load {
    const send = (n: number): Promise<Published> => fleet.send(type, work(n, deedOf(n)), { key: `key-${n % KEYS}` })
    return new Load(send, Math.ceil((perSecond * TICK_MS) / 1_000))
  }

  /** Stops publishing; resolves to every task, once Kafka has acknowledged all of them. */
  async stop(): Promise<readonly Published[]> {
    this.#stop.abort()
    await this.#running
    return await Promise.all(this.#sending)
  }

  async #run(send: (n: number) => Promise<Published>, perTick: number): Promise<void> {
    for await (const _ of setInterval(TICK_MS)) {
      if (this.#stop.signal.aborted) return
      for (let task = 0; task < perTick; task += 1) {
        const sending = send(this.#sending.length)
        sending.catch(() => undefined) // Thrown by stop().
        this.#sending.push(sending)
      }
    }
  }
}
