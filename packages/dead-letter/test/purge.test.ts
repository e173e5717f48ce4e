import { HEADER } from '@towline/contracts'
import { beforeEach, describe, expect, test } from 'vitest'
import { DeadLetterWorld, names } from './dead-letter-world.ts'
import { failure } from './task-fixtures.ts'

const ALL = { all: true, by: 'ana', reason: 'fixed in 1.4.2' }

let world: DeadLetterWorld

beforeEach(() => {
  world = new DeadLetterWorld()
})

describe('purge', () => {
  test('resolves what is open and sends nothing', async () => {
    await world.die()
    await world.die()
    const report = await world.letters.purge({ filter: { error: 'it broke' }, by: 'ana', reason: 'obsolete' })
    expect(report).toMatchObject({ redriveId: null, counts: { purged: 2 } })
    expect(world.log.records(names.tasks)).toHaveLength(2)
    expect(await world.letters.list()).toMatchObject({ open: 0, resolved: 2 })
  })

  test('is final: what was purged is not redriven', async () => {
    await world.die()
    await world.letters.purge(ALL)
    expect((await world.letters.redrive(ALL)).counts.redriven).toBe(0)
  })

  test('takes the third life too', async () => {
    await world.die({ headers: { [HEADER.life]: '3' } }, failure('for good'))
    expect((await world.letters.purge(ALL)).counts.purged).toBe(1)
  })
})
