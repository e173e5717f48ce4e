import { partitionFor } from '@towline/contracts'
import { beforeEach, describe, expect, test } from 'vitest'
import { DeadLetterWorld, names } from './dead-letter-world.ts'

const ALL = { all: true, by: 'ana' }
const DAY_MS = 86_400_000

let world: DeadLetterWorld

beforeEach(() => {
  world = new DeadLetterWorld()
})

describe('twice', () => {
  test('a second redrive finds nothing to do', async () => {
    await world.die()
    await world.letters.redrive(ALL)
    const again = await world.letters.redrive(ALL)
    expect(again).toMatchObject({ matched: 1, counts: { redriven: 0 }, items: [] })
  })

  test('two operators at once send one next life', async () => {
    for (let n = 0; n < 5; n += 1) await world.die()
    await Promise.all([world.open().redrive(ALL), world.open().redrive(ALL)])
    expect(world.livesOn(names.tasks).filter((life) => life.endsWith('/2'))).toHaveLength(5)
    expect(await world.letters.list()).toMatchObject({ open: 0, resolved: 5 })
  })

  /** A redrive that is killed once the next life was sent, and before the letter is resolved. */
  async function redriveKilledAfterSending(): Promise<void> {
    world.log.onCall = (call) => {
      if (call === `before send ${names.dlq}`) throw new Error('killed')
    }
    await world.letters.redrive(ALL)
    world.log.onCall = () => undefined
  }

  test('what was sent before a crash and has run since is not sent again, only resolved', async () => {
    const { taskId } = await world.die()
    await redriveKilledAfterSending()
    world.end(taskId, 2, 'succeeded')
    const report = await world.letters.redrive(ALL)
    expect(report.items).toMatchObject([{ taskId, outcome: { kind: 'redriven', sentTo: null } }])
    expect(world.log.records(names.tasks)).toHaveLength(2)
    expect(await world.letters.list()).toMatchObject({ open: 0, resolved: 1 })
  })

  test.each<[string, number]>([
    ['of a letter whose own end is no longer retained', 0],
    ['of such a letter beside one that died today', 1],
  ])('so is what was sent %s', async (_, deadToday) => {
    const { taskId } = await world.die()
    world.clock.advance(8 * DAY_MS)
    const [end] = world.log.records(names.results)
    world.log.trim(names.results, end?.partition ?? 0, 1)
    await redriveKilledAfterSending()
    const secondEnd = world.end(taskId, 2, 'succeeded')
    expect(secondEnd.partition).toBe(end?.partition)
    world.clock.advance(DAY_MS)
    for (let n = 0; n < deadToday; n += 1) await world.die()
    expect((await world.letters.list()).entries[0]).toMatchObject({ taskId, state: 'open', end: 'not-retained' })
    const report = await world.letters.redrive(ALL)
    expect(report.items[0]).toMatchObject({ taskId, outcome: { kind: 'redriven', sentTo: null } })
    expect(world.livesOn(names.tasks).filter((life) => life.endsWith('/2'))).toHaveLength(1 + deadToday)
    expect(await world.letters.list()).toMatchObject({ open: 0, resolved: 1 + deadToday })
  })
})

test('a letter that seems to have outlived its end is not redriven where that end is found after all', async () => {
  const task = world.publish()
  await world.kill(task)
  world.clock.advance(1_000)
  const partition = partitionFor(Buffer.from(task.taskId), 4)
  const next = world.log.append(names.results, { key: Buffer.from('x'), value: null, headers: {} }, partition)
  world.log.append(names.results, { key: Buffer.from('y'), value: null, headers: {} }, partition)
  world.log.trim(names.results, partition, next.offset + 1)
  world.end(task.taskId, 1, 'succeeded')
  const report = await world.letters.redrive({ ids: [task.taskId], by: 'ana' })
  expect(report.items).toMatchObject([{ taskId: task.taskId, outcome: { kind: 'skipped', because: 'void' } }])
  expect(world.log.records(names.tasks)).toHaveLength(1)
})
