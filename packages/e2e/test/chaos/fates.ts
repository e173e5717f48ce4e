import type { Deed } from '../work.ts'

/** What a task of a chaotic day does, and how it must end in spite of everything. */
export interface Fate {
  readonly deed: Deed
  readonly end: 'succeeded' | 'dead-lettered'
  readonly reason: 'terminal' | 'attempts-exhausted' | null
  readonly isRetried: boolean
}

const SUCCEEDS: Fate = { deed: {}, end: 'succeeded', reason: null, isRetried: false }
const FATES: readonly Fate[] = [
  ...[SUCCEEDS, SUCCEEDS, SUCCEEDS, SUCCEEDS],
  { deed: { failAttempts: 1 }, end: 'succeeded', reason: null, isRetried: true },
  { deed: { failAttempts: 99 }, end: 'dead-lettered', reason: 'attempts-exhausted', isRetried: true },
  { deed: { terminal: 'never' }, end: 'dead-lettered', reason: 'terminal', isRetried: false },
]

/** That of the task with this number, where an agent makes three attempts. */
export function fateOf(n: number): Fate {
  return FATES[n % FATES.length] as Fate
}
