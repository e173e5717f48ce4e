import { isTowlineError } from '@towline/contracts'
import type { ApiName, MemoryFault } from '@towline/kafka/memory'
import { assertKept, noLoss } from '@towline/testing'
import type { Random } from '../random.ts'
import { type Deed, work, workType } from '../work.ts'
import { VirtualFleet } from './virtual-fleet.ts'
import type { VirtualProcess } from './virtual-process.ts'

export interface Fate {
  readonly deed: Deed
  readonly end: 'succeeded' | 'dead-lettered'
  /** An attempt of it fails and is followed by another. */
  readonly isRetried: boolean
}

const SUCCEEDS: Fate = { deed: {}, end: 'succeeded', isRetried: false }
const FATES: readonly Fate[] = [
  ...[SUCCEEDS, SUCCEEDS, SUCCEEDS, SUCCEEDS],
  { deed: { failAttempts: 1 }, end: 'succeeded', isRetried: true },
  { deed: { failAttempts: 2 }, end: 'succeeded', isRetried: true },
  { deed: { failAttempts: 99 }, end: 'dead-lettered', isRetried: true },
  { deed: { terminal: 'never' }, end: 'dead-lettered', isRetried: false },
]

export function fateOf(n: number): Fate {
  return FATES[n % FATES.length] as Fate
}

export const DELAYS_MS: readonly number[] = [1_000, 2_000]
const AGENT = { concurrency: 3, abortGrace: '500ms', retry: { delays: ['1s', '2s'], tiers: ['1s'], maxAttempts: 3 } }
const TYPE = workType('hard')
const KEYS = 4
const MAX_RUNNERS = 3
const STEPS = 14
const LONGEST_STEP_MS = 900
/** Long after everything is well again, whatever anybody still waits for. */
const RECOVERY_MS = 120_000

/** What may happen to any request. */
const TROUBLES: readonly Omit<MemoryFault, 'api'>[] = [
  { drop: true },
  { drop: true, when: 'after' },
  { delayMs: 300 },
  { delayMs: 4_000 },
  { errorCode: -1, when: 'after' },
]
const TROUBLED: readonly ApiName[] = [
  ...(['Produce', 'Fetch', 'Heartbeat', 'OffsetCommit'] as const),
  ...(['JoinGroup', 'SyncGroup', 'OffsetFetch', 'ListOffsets'] as const),
]

/** A few seconds in the life of a fleet in which anything may happen, then peace. What happens follows from the seed. */
export class HardLife {
  readonly fleet: VirtualFleet
  readonly #random: Random
  readonly #alive = new Set<VirtualProcess>()
  readonly #publishing: Promise<unknown>[] = []
  /** Some twice: they are more likely. */
  readonly #happenings: readonly (() => void)[] = [
    ...[() => this.#join(), () => this.#join()],
    ...[() => this.#kill(false), () => this.#kill(true), () => this.#freeze(), () => this.#drain()],
    ...[() => this.fleet.rebalance(), () => this.#loseBroker(), () => this.#loseRegistry()],
    ...[() => this.#trouble(), () => this.#trouble()],
  ]
  #processes = 0
  #tasks = 0

  private constructor(fleet: VirtualFleet) {
    this.fleet = fleet
    this.#random = fleet.random.fork()
  }

  /** Resolves when all has ended that was published, and every runner has gone. @throws Error when it does not end */
  static async live(seed: number): Promise<VirtualFleet> {
    const { stackTraceLimit } = Error
    Error.stackTraceLimit = 0 // a third of the time would go into stacks that nobody reads
    try {
      return await HardLife.#live(seed)
    } finally {
      Error.stackTraceLimit = stackTraceLimit
    }
  }

  static async #live(seed: number): Promise<VirtualFleet> {
    const fleet = await VirtualFleet.start({ seed, type: TYPE, agent: AGENT, partitions: 2, latencyMs: 8 })
    const life = new HardLife(fleet)
    for (let step = 0; step < STEPS; step += 1) {
      life.#somethingHappens()
      await fleet.clock.advance(life.#random.below(LONGEST_STEP_MS))
    }
    await life.#findPeace()
    return fleet
  }

  #somethingHappens(): void {
    this.#publish()
    if (this.#alive.size === 0) this.#join()
    this.#random.pick(this.#happenings)()
  }

  #publish(): void {
    for (let count = this.#random.below(4); count > 0; count -= 1) {
      const n = this.#tasks
      this.#tasks += 1
      const deed = { ...fateOf(n).deed, workMs: this.#random.below(700) }
      const key = this.#random.below(3) === 0 ? null : `key-${this.#random.below(KEYS)}`
      this.#publishing.push(this.fleet.publish(work(n, deed), key).catch(notAccepted))
    }
  }

  #join(): void {
    if (this.#alive.size >= MAX_RUNNERS) return
    this.#processes += 1
    const process = this.fleet.process(`runner-${this.#processes}`)
    this.#alive.add(process)
    this.fleet.begin(process).catch(() => this.#alive.delete(process)) // what watches over it starts another
  }

  #kill(isBuried: boolean): void {
    const process = this.#anyone()
    this.#alive.delete(process)
    process.freeze()
    if (isBuried) this.fleet.bury(process.name).catch(() => undefined)
  }

  #freeze(): void {
    const process = this.#anyone()
    process.freeze()
    this.fleet.clock.after(this.#random.pick([300, 2_000, 4_000, 9_000]), () => {
      if (this.#alive.has(process)) process.thaw()
    })
  }

  #drain(): void {
    const process = this.#anyone()
    this.#alive.delete(process)
    void process.drain()
  }

  #loseBroker(): void {
    this.fleet.cluster.setOutage(this.#random.pick(['refuse', 'hang']))
    this.fleet.clock.after(this.#random.below(3_000), () => this.fleet.cluster.setOutage(null))
  }

  #loseRegistry(): void {
    this.fleet.registry.setOutage(true)
    this.fleet.clock.after(this.#random.below(2_000), () => this.fleet.registry.setOutage(false))
  }

  #trouble(): void {
    const api = this.#random.pick(TROUBLED)
    const trouble = this.#random.pick(TROUBLES)
    this.fleet.cluster.faults.add({ api, clientId: /^runner-/, times: 1 + this.#random.below(3), ...trouble })
  }

  #anyone(): VirtualProcess {
    return this.#random.pick([...this.#alive])
  }

  async #findPeace(): Promise<void> {
    const { fleet } = this
    fleet.cluster.faults.clear()
    fleet.cluster.setOutage(null)
    fleet.registry.setOutage(false)
    for (const process of this.#alive) process.thaw()
    if (this.#alive.size < MAX_RUNNERS) this.#join()
    await fleet.until(Promise.all(this.#publishing))
    await fleet.untilAllEnded(RECOVERY_MS).catch(async () => assertKept(noLoss(await fleet.history())))
    await fleet.until(Promise.all([...this.#alive].map((process) => process.drain())))
  }
}

/** The topic cannot be looked up in an outage: nothing was sent. */
function notAccepted(error: unknown): void {
  if (!isTowlineError(error, 'TOWLINE_BROKER_UNAVAILABLE')) throw error
}
