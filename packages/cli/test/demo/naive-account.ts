import type { Account } from '../../src/demo/account.ts'
import type { Written } from './written-log.ts'

/** What was written, with the id of each stranger. */
export type Told = Exclude<Written, { kind: 'stranger' }> | { readonly kind: 'stranger'; readonly id: string }

type End = Extract<Told, { kind: 'end' }>

/** The account of a list of records in the order they were written, by looking through all of it again and again. */
export function naiveAccount(all: readonly Told[]): Account {
  const ends = all.filter((told): told is End => told.kind === 'end')
  const endOf = (life: string): End | undefined => ends.find((end) => lifeOf(end) === life)
  const published = distinct(all.flatMap((told) => (isPublished(told) ? [lifeOf({ life: 1, ...told })] : [])))
  const redriven = distinct(all.flatMap((told) => (told.kind === 'task' && told.life > 1 ? [lifeOf(told)] : [])))
  const replayed = distinct(all.flatMap((told) => (told.kind === 'replay' ? [lifeOf({ ...told, life: 1 })] : [])))
  const letters = distinct(all.flatMap((told) => (told.kind === 'letter' ? [lifeOf(told)] : [])))
  const resolved = all.flatMap((told) => (told.kind === 'resolution' ? [lifeOf(told)] : []))
  const ended = distinct(ends.map(lifeOf))
  const endedAs = (lives: readonly string[], kind: string): number =>
    lives.filter((life) => endOf(life)?.end === kind).length
  return {
    published: published.length,
    succeeded: endedAs(published, 'succeeded'),
    deadLettered: endedAs(published, 'dead-lettered'),
    lost: published.filter((life) => endOf(life) === undefined).length,
    endedTwice: ended.filter((life) => ends.filter((end) => lifeOf(end) === life).length > 1).length,
    ranTwice: ended.filter((life) => endOf(life)?.mayHaveRun).length,
    retried: distinct(all.flatMap((told) => (told.kind === 'retry' ? [`${lifeOf(told)}/${told.attempt}`] : []))).length,
    redriven: redriven.length,
    redrivenEnded: redriven.filter((life) => endOf(life) !== undefined).length,
    openDeadLetters: endedAs(
      letters.filter((life) => !resolved.includes(life)),
      'dead-lettered',
    ),
    missingLetters: endedAs(
      ended.filter((life) => !letters.includes(life)),
      'dead-lettered',
    ),
    replayed: replayed.length,
    replayedEnded: replayed.filter((life) => endOf(life) !== undefined).length,
  }
}

function isPublished(told: Told): told is Extract<Told, { kind: 'task' | 'stranger' }> {
  return told.kind === 'stranger' || (told.kind === 'task' && told.life === 1)
}

function lifeOf({ id, life }: { readonly id: string; readonly life: number }): string {
  return `${id}/${life}`
}

function distinct(lives: readonly string[]): string[] {
  return lives.filter((life, at) => lives.indexOf(life) === at)
}
