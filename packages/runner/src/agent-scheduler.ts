import { type Cancel, type Clock, isTowlineError, type Logger } from '@towline/contracts'
import type { Admission } from './admission.ts'
import type { TaskEnd } from './end-writer.ts'
import type { Disposition } from './outcome-router.ts'
import type { Partition } from './partition.ts'
import type { TaskFlow } from './task-flow.ts'
import { type PassOwner, TaskPass } from './task-pass.ts'
import type { TaskSlot } from './task-slot.ts'
import { Turns } from './turns.ts'

const FIRST_PROBE_MS = 500
const LAST_PROBE_MS = 15_000
const RERUN_MS = 5_000
const STARTS_PER_TURN = 500
/** queueMicrotask makes an async resource for every call. */
const SOON = Promise.resolve()

export interface AgentSchedulerContext {
  readonly admission: Admission
  readonly flow: Pick<TaskFlow, 'run'>
  readonly clock: Clock
  readonly log: Logger
  /** `end` is null where the task goes on in a tier as its next attempt, or was a repeat. */
  onFinished(slot: TaskSlot, end: TaskEnd | null): void
  /** The registry went out of reach, or came back: intake of this agent pauses and resumes. */
  onRegistry(isOut: boolean): void
  /** More than a tenth of the permits are held by handlers that ignore their aborted signals. */
  onStuck(held: number): void
}

/** Whether schemas can be read. While `out` nothing starts; `probing` lets one task through to see. */
type RegistryState =
  | { readonly kind: 'up' }
  | { readonly kind: 'out'; readonly cancel: Cancel }
  | { readonly kind: 'probing'; readonly delayMs: number; readonly hasStarted: boolean }

/**
 * Starts the tasks of one agent, from all its partitions in turn, while permits last.
 *
 *   S1. Nothing starts while the proof of membership is too old, while draining, or while the registry is out.
 *   S2. A permit is held until the handler has settled; a lane until its outcome is written *and* the handler settled.
 *   S3. A registry outage spends no attempt and writes nothing.
 *   S4. However short the handlers, the event loop has a turn after every STARTS_PER_TURN starts: meanwhile outcomes
 *       are sent and heartbeats heard.
 */
export class AgentScheduler implements PassOwner {
  readonly #context: AgentSchedulerContext
  readonly #ready = new Turns<Partition>()
  #registry: RegistryState = { kind: 'up' }
  #isDraining = false
  #isPumpScheduled = false
  #startsLeft = STARTS_PER_TURN
  #flows = 0
  #overdue = 0
  #idleWaiters: (() => void)[] = []

  constructor(context: AgentSchedulerContext) {
    this.#context = context
  }

  /** A partition has a lane to run. Starting happens in a microtask: never inside the consumer's callback. */
  ready(partition: Partition): void {
    this.#ready.add(partition)
    this.wake()
  }

  /** Something changed that may let waiting tasks start: a permit, a proof, the registry. */
  wake(): void {
    if (this.#isPumpScheduled || this.#ready.size === 0) return
    this.#isPumpScheduled = true
    if (this.#startsLeft > 0) void SOON.then(this.#pump)
    else setImmediate(this.#nextTurn)
  }

  /** An input was decoded: where schemas could not be read, they can be again, however long this attempt takes. */
  decoded(): void {
    this.#registryAnswered()
  }

  /** Partitions were lost, and what waited in them. */
  partitionsLost(): void {
    this.#probeOrResume()
  }

  /** Starts nothing more. */
  beginDrain(): void {
    this.#isDraining = true
    if (this.#registry.kind === 'out') this.#registry.cancel()
  }

  /** Resolves when no task is out: every handler settled and every outcome written or given up. */
  async idle(): Promise<void> {
    if (this.#flows === 0) return
    await new Promise<void>((resolve) => this.#idleWaiters.push(resolve))
  }

  readonly #nextTurn = (): void => {
    this.#startsLeft = STARTS_PER_TURN
    this.#pump()
  }

  readonly #pump = (): void => {
    this.#isPumpScheduled = false
    this.#ready.round(this.#startSome)
    if (this.#canGoOn()) this.wake()
  }

  /** One task, so that partitions take turns, or as many as may start where there is one partition. */
  readonly #startSome = (partition: Partition): 'taken' | 'waits' | 'leaves' => {
    let hasHadItsTurn = false
    while (this.#startsLeft > 0 && this.#mayStartOf(partition)) {
      // S4
      const slot = partition.take()
      if (slot === undefined) break
      this.#start(partition, slot)
      hasHadItsTurn = true
      if (this.#ready.size > 1) break
    }
    if (!partition.hasReady) return 'leaves'
    return hasHadItsTurn ? 'taken' : 'waits'
  }

  #canGoOn(): boolean {
    for (const partition of this.#ready) if (partition.canTake && this.#mayStartOf(partition)) return true
    return false
  }

  #mayStartOf(partition: Partition): boolean {
    return this.#mayStart() && partition.guard() === 'send' && this.#context.admission.canStart(partition.permitKind)
  }

  #mayStart(): boolean {
    if (this.#isDraining || this.#registry.kind === 'out') return false
    return this.#registry.kind === 'up' || !this.#registry.hasStarted
  }

  #start(partition: Partition, slot: TaskSlot): void {
    this.#flows += 1
    this.#startsLeft -= 1
    this.#context.admission.takePermit(partition.permitKind)
    const isProbe = this.#registry.kind === 'probing'
    if (this.#registry.kind === 'probing') this.#registry = { ...this.#registry, hasStarted: true }
    const pass = new TaskPass(partition, slot, isProbe, this)
    try {
      this.#context.flow.run(pass)
    } catch (error) {
      pass.failed(error)
    }
  }

  onSettled(pass: TaskPass): void {
    if (pass.isOverdue) this.#overdue -= 1
    this.#returnPermit(pass)
  }

  onRouted({ partition, slot, isProbe }: TaskPass, disposition: Disposition): void {
    if (isProbe) this.#registryAnswered()
    this.#carryOut(partition, slot, disposition)
  }

  onOverdue(): void {
    this.#overdue += 1
    if (this.#overdue > this.#context.admission.concurrency / 10) this.#context.onStuck(this.#overdue)
  }

  onOver(pass: TaskPass, disposition: Disposition): void {
    try {
      this.#leaveLane(pass.partition, pass.slot, disposition)
    } catch (error) {
      this.#context.log.error({ err: error, taskId: pass.slot.envelope.taskId }, 'a defect where a task left its lane')
    }
    this.#end(pass)
  }

  onFailed(pass: TaskPass, error: unknown): void {
    this.#couldNotRun(pass.partition, pass.slot, error)
    this.#end(pass)
  }

  #end(pass: TaskPass): void {
    this.#returnPermit(pass)
    this.#flows -= 1
    if (this.#flows > 0) return
    for (const resolve of this.#idleWaiters.splice(0)) resolve()
  }

  #returnPermit(pass: TaskPass): void {
    if (!pass.holdsPermit) return
    pass.holdsPermit = false
    this.#context.admission.returnPermit(pass.partition.permitKind)
    this.wake()
  }

  /** What a written outcome changes at once, whatever the handler still does. */
  #carryOut(partition: Partition, slot: TaskSlot, disposition: Disposition): void {
    switch (disposition.kind) {
      case 'finished':
        this.#context.onFinished(slot, disposition.end)
        partition.finish(slot, disposition.end !== null)
        break
      case 'passed-on':
        partition.passOn(slot)
        break
      case 'parked':
      case 'left':
        break
    }
  }

  /** What becomes of the lane once nothing of the task runs any more. */
  #leaveLane(partition: Partition, slot: TaskSlot, disposition: Disposition): void {
    switch (disposition.kind) {
      case 'finished':
      case 'passed-on':
        partition.release(slot)
        break
      case 'parked':
        partition.park(slot, disposition.delayMs)
        break
      case 'left':
        break
    }
  }

  #couldNotRun(partition: Partition, slot: TaskSlot, error: unknown): void {
    if (isTowlineError(error, 'TOWLINE_REGISTRY_UNAVAILABLE')) {
      this.#registryOut() // S3
      partition.park(slot, 0)
      return
    }
    this.#registryAnswered()
    this.#context.log.error(
      { err: error, taskId: slot.envelope.taskId },
      'a task could not be run; it waits and is tried again',
    )
    partition.park(slot, RERUN_MS)
  }

  #registryOut(): void {
    if (this.#registry.kind === 'out' || this.#isDraining) return
    if (this.#registry.kind === 'up') this.#context.onRegistry(true)
    const delayMs = this.#registry.kind === 'probing' ? this.#registry.delayMs : FIRST_PROBE_MS
    const cancel = this.#context.clock.after(delayMs, () => {
      this.#registry = { kind: 'probing', delayMs: Math.min(delayMs * 2, LAST_PROBE_MS), hasStarted: false }
      this.#probeOrResume()
    })
    this.#registry = { kind: 'out', cancel }
  }

  /** Lets one task ask the registry. Where none waits here any more, intake goes on, to bring one: it is paused till then. */
  #probeOrResume(): void {
    if (this.#registry.kind !== 'probing' || this.#registry.hasStarted) return
    if ([...this.#ready].some(({ hasReady }) => hasReady)) this.wake()
    else this.#registryAnswered()
  }

  #registryAnswered(): void {
    if (this.#registry.kind !== 'probing') return
    this.#registry = { kind: 'up' }
    this.#context.onRegistry(false)
    this.wake()
  }
}
