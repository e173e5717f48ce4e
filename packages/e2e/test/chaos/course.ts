import type { Random } from '../random.ts'

/** How one thing goes on a chaotic day: by chance, until the day is over. */
export interface Course {
  readonly random: Random
  isOver(): boolean
  /** Writes down what befell whom. */
  tell(message: string): void
}
