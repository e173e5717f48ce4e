import { type CommitNote, decodeCommitNote, groupIdOf, topicNames } from '@towline/contracts'
import { assertKept, keyOrder, noDuplicates, noLoss } from '@towline/testing'
import { expect, test } from 'vitest'
import type { Published } from '../test-fleet.ts'
import { work, workType } from '../work.ts'
import { VirtualFleet } from './virtual-fleet.ts'

const TASKS = 1_000
const KEYS = 100
const HANGING = 7
const HOUR_MS = 3_600_000
const PARTITIONS = [0, 1, 2]

function offsetsOf(published: readonly Published[]): readonly number[] {
  return published.map(({ offset }) => offset).toSorted((a, b) => a - b)
}

/** What the group committed of a partition. */
async function noteOf(fleet: VirtualFleet, topic: string, partition: number): Promise<CommitNote | null> {
  const admin = await fleet.cluster.connect({ clientId: 'operator' }).admin()
  const [committed] = await fleet.until(admin.committed(groupIdOf(topic), [{ topic, partition }]))
  await fleet.until(admin.close())
  return decodeCommitNote(committed?.metadata ?? '')
}

test('P5: one task of 1,000 that hangs holds up its key alone: all others end, and commits say so', async () => {
  const type = workType('hanging')
  const { tasks: topic } = topicNames(type.type)
  const fleet = await VirtualFleet.start({ seed: 1, type, agent: { timeout: '2h' } })
  const publish = (n: number) => fleet.publish(work(n, n === HANGING ? { workMs: HOUR_MS } : {}), `key ${n % KEYS}`)
  const published = await fleet.until(Promise.all(Array.from({ length: TASKS }, (_, n) => publish(n))))
  const hanging = published[HANGING]
  if (hanging === undefined) throw new Error('nothing hangs')
  const ofItsKey = published.filter(({ key }) => key === hanging.key)

  const runner = await fleet.startRunner('runner')
  await fleet.clock.advanceUntil(() => fleet.outstanding() <= ofItsKey.length, 60_000)
  await fleet.clock.advance(1_000) // longer than commits are apart
  const ended = new Set(fleet.ends.map(({ taskId }) => taskId))
  expect(published.filter(({ taskId }) => !ended.has(taskId))).toEqual(ofItsKey)
  const notes = await Promise.all(PARTITIONS.map((partition) => noteOf(fleet, topic, partition)))
  for (const partition of PARTITIONS) {
    const end = published.filter((task) => task.partition === partition).length
    const isHeldUp = partition === hanging.partition
    expect(notes[partition]).toMatchObject({ base: isHeldUp ? hanging.offset : end, end })
    const unfinished = notes[partition]?.unfinished.map(({ offset }) => offset)
    expect(unfinished).toEqual(isHeldUp ? offsetsOf(ofItsKey) : [])
  }

  await fleet.untilAllEnded(2 * HOUR_MS)
  const history = await fleet.history()
  assertKept(noLoss(history), noDuplicates(history), keyOrder(history))
  await fleet.until(runner.drain())
  await fleet.close()
})
