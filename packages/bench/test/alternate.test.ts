import { expect, test } from 'vitest'
import { alternate } from '../src/measure/alternate.ts'

test('every contender has a turn in every round, first in every other; warm-ups are not kept, grounds are disposed', async () => {
  const log: string[] = []
  let rounds = 0
  const prepare = async () => {
    rounds += 1
    const name = `ground ${rounds}`
    return { name, [Symbol.asyncDispose]: async () => void log.push(`${name} disposed`) }
  }
  const turn = (who: string) => async (ground: { readonly name: string }) => {
    log.push(`${who} on ${ground.name}`)
    return ground.name
  }
  const kept = await alternate({ rounds: 2, warmUps: 1 }, prepare, { a: turn('a'), b: turn('b') })
  expect(kept).toEqual({ a: ['ground 2', 'ground 3'], b: ['ground 2', 'ground 3'] })
  expect(log).toEqual([
    ...['a on ground 1', 'b on ground 1', 'ground 1 disposed'],
    ...['b on ground 2', 'a on ground 2', 'ground 2 disposed'],
    ...['a on ground 3', 'b on ground 3', 'ground 3 disposed'],
  ])
})
