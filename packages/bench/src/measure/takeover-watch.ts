import type { TakeoverTold } from '../contenders/takeover-messages.ts'

/** Follows what one process of a take-over tells. */
export class TakeoverWatch {
  readonly #startedAtMs: [string, number][] = []
  #partitions: readonly number[] = []
  #waiting: { readonly holds: () => boolean; readonly resolve: () => void }[] = []

  /** Partitions it holds now. */
  get partitions(): readonly number[] {
    return this.#partitions
  }

  /** Ids of the tasks it started, in order. */
  get started(): readonly string[] {
    return this.#startedAtMs.map(([taskId]) => taskId)
  }

  /** When the last of them started. */
  get lastStartMs(): number {
    return this.#startedAtMs.at(-1)?.[1] ?? Number.NaN
  }

  hear(told: TakeoverTold): void {
    if (told.kind === 'holds') this.#partitions = told.partitions
    else this.#startedAtMs.push([told.taskId, told.atMs])
    this.#waiting = this.#waiting.filter(({ holds, resolve }) => {
      if (!holds()) return true
      resolve()
      return false
    })
  }

  async until(holds: () => boolean): Promise<void> {
    if (holds()) return
    await new Promise<void>((resolve) => this.#waiting.push({ holds, resolve }))
  }
}
