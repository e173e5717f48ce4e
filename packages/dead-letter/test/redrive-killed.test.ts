import { type End, formatLife, HEADER } from '@towline/contracts'
import { describe, expect, test } from 'vitest'
import { DeadLetterWorld, keyedId, names } from './dead-letter-world.ts'

const ALL = { all: true, by: 'ana' }
const TASKS = 3

class Killed extends Error {
  override readonly name = 'Killed'
}

async function worldOfDead(): Promise<{ readonly world: DeadLetterWorld; readonly dead: readonly string[] }> {
  const world = new DeadLetterWorld()
  const dead: string[] = []
  for (let n = 0; n < TASKS; n += 1) {
    // Ids that are the same each time: then so are the partitions, and the calls.
    const headers = { [HEADER.ceId]: keyedId(`task-${n}`) }
    dead.push((await world.die({ key: `key-${n % 2}`, headers })).taskId)
    world.clock.advance(1)
  }
  return { world, dead }
}

/** Runs a redrive whose process dies at its nth port call: that call throws, and every one after it. */
async function redriveKilledAt(world: DeadLetterWorld, step: number): Promise<{ readonly call: string | null }> {
  let calls = 0
  let killedAt: string | null = null
  world.log.onCall = (call) => {
    calls += 1
    if (calls < step) return
    killedAt ??= call
    throw new Killed(call)
  }
  await world
    .open()
    .redrive(ALL)
    .catch((thrown: unknown) => expect(thrown).toBeInstanceOf(Killed))
  world.log.onCall = () => undefined
  return { call: killedAt }
}

async function killPoints(): Promise<string[]> {
  const points: string[] = []
  for (let step = 1; ; step += 1) {
    const { call } = await redriveKilledAt((await worldOfDead()).world, step)
    if (call === null) return points
    points.push(call)
  }
}

const points = await killPoints()

test('a redrive can be killed before and after each of its writes, and at each of its reads', () => {
  const has = (call: string) => points.filter((point) => point === call).length
  expect(has(`before send ${names.tasks}`)).toBe(TASKS)
  expect(has(`after send ${names.tasks}`)).toBe(TASKS)
  expect(has(`before send ${names.dlq}`)).toBe(TASKS)
  expect(has(`after send ${names.dlq}`)).toBe(TASKS)
  for (const topic of [names.tasks, names.dlq, names.results]) expect(has(`before read ${topic}`)).toBeGreaterThan(0)
})

describe.each(points.map((call, index) => ({ call, step: index + 1 })))('killed at step $step, $call', ({ step }) => {
  test('what is open is what has no resolution, and doing it again sends one next life of each', async () => {
    const { world, dead } = await worldOfDead()
    await redriveKilledAt(world, step)
    const resolved = world.log.records(names.dlq).length - TASKS
    expect(await world.letters.list()).toMatchObject({ open: TASKS - resolved, resolved })

    const again = await world.letters.redrive(ALL)
    expect(again).toMatchObject({ stoppedBy: null, counts: { redriven: TASKS - resolved, failed: 0 } })
    expect(world.livesOn(names.tasks).toSorted()).toEqual(bothLives(dead))
    expect(await world.letters.list()).toMatchObject({ open: 0, resolved: TASKS })
  })

  test.each<End>(['succeeded', 'dead-lettered'])('also when the next life %s before it is done again', async (end) => {
    const { world, dead } = await worldOfDead()
    await redriveKilledAt(world, step)
    const ran = world.livesOn(names.tasks).filter((life) => life.endsWith('/2'))
    for (const life of ran) world.end(life.slice(0, 36), 2, end)
    const sentBefore = world.log.records(names.tasks).length
    await world.letters.redrive(ALL)
    expect(world.log.records(names.tasks).length - sentBefore).toBe(TASKS - ran.length)
    expect(world.livesOn(names.tasks).toSorted()).toEqual(bothLives(dead))
    expect((await world.letters.list()).open).toBe(0)
  })

  test('and killed again at any step, it still comes to that', async () => {
    for (let second = 1; second <= points.length; second += 3) {
      const { world, dead } = await worldOfDead()
      await redriveKilledAt(world, step)
      await redriveKilledAt(world, second)
      await world.letters.redrive(ALL)
      expect(world.livesOn(names.tasks).toSorted()).toEqual(bothLives(dead))
      expect(await world.letters.list()).toMatchObject({ open: 0, resolved: TASKS })
    }
  })
})

function bothLives(taskIds: readonly string[]): string[] {
  return taskIds.flatMap((taskId) => [formatLife({ taskId, life: 1 }), formatLife({ taskId, life: 2 })]).toSorted()
}
