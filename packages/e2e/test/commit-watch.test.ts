import type { CommitNote } from '@towline/contracts'
import { expect, test } from 'vitest'
import { takenBack } from './commit-watch.ts'

function claim(next: number, end = next, ...unfinished: readonly number[]) {
  const note: CommitNote = {
    ...{ clean: false, owner: 0, base: next, end, hash: 0, hashIsBelowBase: false },
    unfinished: unfinished.map((offset) => ({ offset, attempts: 0, deliveries: 0, started: false })),
  }
  return { next, note }
}

test.each([
  ['goes on', claim(5, 9, 5, 7), claim(7, 12, 7, 10), []],
  ['says the same', claim(5, 9, 5, 7), claim(5, 9, 5, 7), []],
  ['has finished all that its note said', claim(5, 9, 5, 7), { next: 9, note: null }, []],
  ['goes back', claim(5, 9, 5, 7), claim(3), [3, 4, 6, 8]],
  ['goes back and still knows what had finished', claim(5, 9, 5, 7), claim(3, 9, 3, 4, 5, 7), [3, 4]],
  ['forgets the end of its note', claim(5, 9, 5, 7), claim(5, 7, 5), [8]],
  ['lists again what had finished', claim(5, 9, 5, 7), claim(5, 9, 5, 6, 7), [6]],
  ['loses its note', claim(5, 9, 5, 7), { next: 5, note: null }, [6, 8]],
])('of a commit that %s, what it takes back is known', (_, before, after, taken) => {
  expect(takenBack(before, after)).toEqual(taken)
})
