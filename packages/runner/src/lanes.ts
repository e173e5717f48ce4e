// In-order queues of one partition, one per key, fair among keys. Pure.
//   K1. At most one task of a lane is out (running or parked) at a time.
//   K2. Tasks of a lane come out in the order they were added; one that is put back comes out first.
//   K3. Lanes with work take turns.

const NOBODY: never[] = []

/** The tasks of one key. Gone when its last task is released. */
export class Lane<T> {
  readonly key: string
  waiting: T[] = NOBODY
  state: 'empty' | 'ready' | 'out' | 'parked' = 'empty'

  constructor(key: string) {
    this.key = key
  }
}

export class Lanes<T> {
  readonly #byKey = new Map<string, Lane<T>>()
  /** Cleared up to #readyHead. */
  #ready: (Lane<T> | undefined)[] = []
  #readyHead = 0
  #size = 0

  /** Tasks waiting, those that are out not included. */
  get waiting(): number {
    return this.#size
  }

  get hasReady(): boolean {
    return this.#readyHead < this.#ready.length
  }

  /** The lane of a key, for a task that is {@link add}ed to it next. */
  laneOf(key: string): Lane<T> {
    const known = this.#byKey.get(key)
    if (known !== undefined) return known
    const lane = new Lane<T>(key)
    this.#byKey.set(key, lane)
    return lane
  }

  add(lane: Lane<T>, task: T): void {
    this.#size += 1
    if (lane.state !== 'empty') {
      lane.waiting.push(task)
      return
    }
    lane.waiting = [task] // most lanes never hold more: an array that was pushed to has room for 17
    this.#makeReady(lane)
  }

  /** The next task of the lane whose turn it is; the lane gives no other until {@link release}, or undefined. */
  take(): T | undefined {
    const lane = this.#ready[this.#readyHead]
    if (lane === undefined) return undefined
    this.#ready[this.#readyHead] = undefined
    this.#readyHead += 1
    if (this.#readyHead > 1024 && this.#readyHead * 2 > this.#ready.length) {
      this.#ready = this.#ready.slice(this.#readyHead)
      this.#readyHead = 0
    }
    return this.#takeFirst(lane)
  }

  /** What {@link take} would give. */
  peek(): T | undefined {
    return this.#ready[this.#readyHead]?.waiting[0]
  }

  /** As {@link take}, from this lane out of its turn; undefined where it is not ready. */
  takeFrom(lane: Lane<T>): T | undefined {
    if (lane.state !== 'ready') return undefined
    this.#ready.splice(this.#ready.indexOf(lane, this.#readyHead), 1)
    return this.#takeFirst(lane)
  }

  /** The task that was out has left the lane. */
  release(lane: Lane<T>): void {
    checkOut(lane)
    if (lane.waiting.length === 0) this.#byKey.delete(lane.key)
    else this.#makeReady(lane)
  }

  /** Puts the task that was out back at the head of its lane; the lane rests until {@link wake}. */
  park(lane: Lane<T>, task: T): void {
    checkOut(lane)
    lane.waiting.unshift(task)
    this.#size += 1
    lane.state = 'parked'
  }

  /** Ends the rest of a parked lane; does nothing to any other. */
  wake(lane: Lane<T>): void {
    if (lane.state === 'parked') this.#makeReady(lane)
  }

  #takeFirst(lane: Lane<T>): T | undefined {
    lane.state = 'out'
    this.#size -= 1
    return lane.waiting.shift()
  }

  #makeReady(lane: Lane<T>): void {
    lane.state = 'ready'
    this.#ready.push(lane)
  }
}

function checkOut(lane: Lane<unknown>): void {
  if (lane.state !== 'out') throw new Error(`lane ${lane.key} has no task out`)
}
