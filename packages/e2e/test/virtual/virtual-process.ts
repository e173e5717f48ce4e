import type { Logger } from '@towline/contracts'
import { createFleet, type Fleet, type ResolvedConfig } from '@towline/fleet'
import {
  type MemoryCluster,
  type MemoryDriver,
  type MemoryRegistry,
  ProcessClock,
  type VirtualClock,
} from '@towline/kafka/memory'
import type { Runner } from '@towline/runner'
import { follow, type Journal } from '../journal.ts'
import { silent } from '../silent.ts'

/** Where processes run. */
export interface Machine {
  readonly clock: VirtualClock
  readonly cluster: MemoryCluster
  readonly registry: MemoryRegistry
}

/** A process of a virtual fleet: one runner with a clock and a network of its own, which can be frozen and killed. */
export class VirtualProcess {
  readonly name: string
  readonly clock: ProcessClock
  readonly #driver: MemoryDriver
  readonly #registry: MemoryRegistry
  readonly #journal: Pick<Journal, 'write'>
  #fleet: Fleet | undefined
  #runner: Runner | undefined
  #starting: Promise<void> = Promise.resolve()

  constructor(name: string, { clock, cluster, registry }: Machine, journal: Pick<Journal, 'write'>) {
    this.name = name
    this.clock = new ProcessClock(clock)
    this.#driver = cluster.connect({ clientId: name, clock: this.clock })
    this.#registry = registry
    this.#journal = journal
  }

  get journal(): Pick<Journal, 'write'> {
    return this.#journal
  }

  get state(): Runner['state'] | undefined {
    return this.#runner?.state
  }

  /** Resolves when the runner has joined its groups. */
  start(config: ResolvedConfig): Promise<void> {
    this.#starting = this.#start(config)
    return this.#starting
  }

  /** As SIGTERM. */
  async drain(): Promise<void> {
    await this.#starting.catch(() => undefined)
    await this.#runner?.drain()
    await this.#fleet?.close()
  }

  /** As SIGSTOP; for ever, it is a SIGKILL. */
  freeze(): void {
    this.clock.freeze()
    this.#driver.silence()
  }

  /** As SIGCONT. */
  thaw(): void {
    this.clock.thaw()
    this.#driver.speak()
  }

  async #start(config: ResolvedConfig): Promise<void> {
    const { clock } = this
    const registry = this.#registry.client(clock)
    this.#fleet = await createFleet(config, { clock, log: journalLog(this.#journal), driver: this.#driver, registry })
    this.#runner = await this.#fleet.runner()
    follow(this.#runner, this.#journal)
    await this.#runner.start()
  }
}

/** What an operator would be warned of. */
function journalLog(journal: Pick<Journal, 'write'>): Logger {
  const tell = (fields: object, message: string): void => {
    const error = 'err' in fields && fields.err instanceof Error ? { error: fields.err.message } : {}
    journal.write({ kind: 'log', message, ...error })
  }
  const log: Logger = { ...silent, warn: tell, error: tell, child: () => log }
  return log
}
