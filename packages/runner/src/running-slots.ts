import type { TaskSlot } from './task-slot.ts'

/** The running attempt of a task, as its partition needs it. */
export interface Interruptible {
  interrupt(by: 'drain' | 'lost'): void
}

/**
 * The tasks of a partition whose handlers have not settled. Each knows its place in one array, which is filled from the end
 * when it leaves: nothing of what has left stays reachable, as it would from a Map (see {@link OffsetLedger}).
 */
export class RunningSlots implements Iterable<TaskSlot> {
  readonly #slots: TaskSlot[] = []

  get count(): number {
    return this.#slots.length
  }

  add(slot: TaskSlot, attempt: Interruptible): void {
    slot.running = attempt
    slot.runningPlace = this.#slots.length
    this.#slots.push(slot)
  }

  delete(slot: TaskSlot): void {
    const last = slot.running === undefined ? undefined : this.#slots.pop()
    if (last === undefined) return
    if (last !== slot) {
      last.runningPlace = slot.runningPlace
      this.#slots[slot.runningPlace] = last
    }
    slot.running = undefined
  }

  /** Returns how many attempts that interrupted. */
  interrupt(by: 'drain' | 'lost'): number {
    const slots = [...this.#slots]
    for (const { running } of slots) running?.interrupt(by)
    return slots.length
  }

  [Symbol.iterator](): Iterator<TaskSlot> {
    return this.#slots.values()
  }
}
