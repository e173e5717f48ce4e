import type { TaskEnd } from './task-end.ts'

/** Somebody who waits for one life of a task to end. */
export interface EndWaiter {
  readonly taskId: string
  readonly life: number
  resolve(end: TaskEnd): void
  reject(error: unknown): void
}

/** Who waits for which task. Holds nothing of anybody who has left. */
export class EndWaiters {
  readonly #byTask = new Map<string, Set<EndWaiter>>()

  get isEmpty(): boolean {
    return this.#byTask.size === 0
  }

  has(taskId: string): boolean {
    return this.#byTask.has(taskId)
  }

  add(waiter: EndWaiter): void {
    const others = this.#byTask.get(waiter.taskId)
    if (others === undefined) this.#byTask.set(waiter.taskId, new Set([waiter]))
    else others.add(waiter)
  }

  /** Harmless for a waiter that was served. */
  remove(waiter: EndWaiter): void {
    const others = this.#byTask.get(waiter.taskId)
    others?.delete(waiter)
    if (others?.size === 0) this.#byTask.delete(waiter.taskId)
  }

  /** Serves those who wait for exactly this end. */
  resolve(end: TaskEnd): void {
    for (const waiter of this.#byTask.get(end.taskId) ?? []) {
      if (waiter.life !== end.life) continue
      this.remove(waiter)
      waiter.resolve(end)
    }
  }

  reject(taskId: string, error: unknown): void {
    for (const waiter of this.#byTask.get(taskId) ?? []) {
      this.remove(waiter)
      waiter.reject(error)
    }
  }

  rejectAll(error: unknown): void {
    for (const taskId of [...this.#byTask.keys()]) this.reject(taskId, error)
  }
}
