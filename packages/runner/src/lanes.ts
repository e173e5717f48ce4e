// In-order queues of one partition, one per key, fair among keys. Pure.
//   K1. At most one task of a lane is out (running or parked) at a time.
//   K2. Tasks of a lane come out in the order they were added; one that is put back comes out first.
//   K3. Lanes with work take turns.

interface Lane<T> {
  readonly key: string
  readonly waiting: T[]
  state: 'ready' | 'out' | 'parked'
}

export class Lanes<T> {
  readonly #lanes = new Map<string, Lane<T>>()
  #ready: Lane<T>[] = []
  #readyHead = 0
  #size = 0

  /** Tasks waiting, those that are out not included. */
  get waiting(): number {
    return this.#size
  }

  get hasReady(): boolean {
    return this.#readyHead < this.#ready.length
  }

  add(key: string, task: T): void {
    this.#size += 1
    const lane = this.#lanes.get(key)
    if (lane !== undefined) {
      lane.waiting.push(task)
      return
    }
    const fresh: Lane<T> = { key, waiting: [task], state: 'ready' }
    this.#lanes.set(key, fresh)
    this.#ready.push(fresh)
  }

  /** The next task of the lane whose turn it is; the lane gives no other until {@link release}, or undefined. */
  take(): T | undefined {
    const lane = this.#ready[this.#readyHead]
    if (lane === undefined) return undefined
    this.#readyHead += 1
    if (this.#readyHead > 1024 && this.#readyHead * 2 > this.#ready.length) {
      this.#ready = this.#ready.slice(this.#readyHead)
      this.#readyHead = 0
    }
    lane.state = 'out'
    this.#size -= 1
    return lane.waiting.shift()
  }

  /** What {@link take} would give. */
  peek(): T | undefined {
    return this.#ready[this.#readyHead]?.waiting[0]
  }

  /** As {@link take}, from this lane out of its turn; undefined where it is not ready. */
  takeFrom(key: string): T | undefined {
    const lane = this.#lanes.get(key)
    if (lane?.state !== 'ready') return undefined
    this.#ready.splice(this.#ready.indexOf(lane, this.#readyHead), 1)
    lane.state = 'out'
    this.#size -= 1
    return lane.waiting.shift()
  }

  /** The task that was out has left the lane. */
  release(key: string): void {
    const lane = this.#outOf(key)
    if (lane.waiting.length === 0) this.#lanes.delete(key)
    else this.#makeReady(lane)
  }

  /** Puts the task that was out back at the head of its lane; the lane rests until {@link wake}. */
  park(key: string, task: T): void {
    const lane = this.#outOf(key)
    lane.waiting.unshift(task)
    this.#size += 1
    lane.state = 'parked'
  }

  /** Ends the rest of a parked lane; does nothing to any other. */
  wake(key: string): void {
    const lane = this.#lanes.get(key)
    if (lane?.state === 'parked') this.#makeReady(lane)
  }

  #makeReady(lane: Lane<T>): void {
    lane.state = 'ready'
    this.#ready.push(lane)
  }

  #outOf(key: string): Lane<T> {
    const lane = this.#lanes.get(key)
    if (lane === undefined || lane.state !== 'out') throw new Error(`lane ${key} has no task out`)
    return lane
  }
}
