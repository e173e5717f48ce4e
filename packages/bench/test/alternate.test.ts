import { expect, test } from 'vitest'
import { alternate } from '../src/measure/alternate.ts'
import { WarmGround, warmTurn } from '../src/measure/warm-turn.ts'

function logging() {
  const log: string[] = []
  const named = async (name: string) => ({ name, [Symbol.asyncDispose]: async () => void log.push(`${name} ends`) })
  let count = 0
  const ground = () => {
    count += 1
    return named(`ground ${count}`)
  }
  return { log, named, ground }
}

test('every contender has a turn in every round, first in every other; grounds are disposed', async () => {
  const { log, ground } = logging()
  const turn = (who: string) => async (on: { readonly name: string }) => {
    log.push(`${who} on ${on.name}`)
    return on.name
  }
  const outcomes = await alternate(2, ground, { a: turn('a'), b: turn('b') })
  expect(outcomes).toEqual({ a: ['ground 1', 'ground 2'], b: ['ground 1', 'ground 2'] })
  expect(log).toEqual([
    ...['a on ground 1', 'b on ground 1', 'ground 1 ends'],
    ...['b on ground 2', 'a on ground 2', 'ground 2 ends'],
  ])
})

test('a warm turn has a process of its own, plays once before it counts, and never twice on one ground', async () => {
  const { log, ground } = logging()
  const process = (name: string) => ({ name, [Symbol.asyncDispose]: async () => void log.push(`${name} ends`) })
  const play = async (by: { readonly name: string }, on: { readonly name: string } & AsyncDisposable) => {
    log.push(`${by.name} on ${on.name}`)
    return on.name
  }
  const turns = { a: warmTurn(() => process('a'), play), b: warmTurn(() => process('b'), play) }
  const outcomes = await alternate(1, () => WarmGround.create(ground), turns)
  expect(outcomes).toEqual({ a: ['ground 2'], b: ['ground 2'] })
  expect(log).toEqual([
    ...['a on ground 1', 'a on ground 2', 'a ends'],
    ...['b on ground 1', 'b on ground 2', 'b ends'],
    ...['ground 1 ends', 'ground 2 ends'],
  ])
})
