import { groupIdOf, topicNames } from '@towline/contracts'
import type { AdminPort } from '@towline/kafka'
import { assertKept, noDuplicates } from '@towline/testing'
import { expect, test } from 'vitest'
import type { Published } from '../test-fleet.ts'
import { work, workType } from '../work.ts'
import { VirtualFleet } from './virtual-fleet.ts'

const TASKS = 100
const HOUR_MS = 3_600_000
const MINUTE_MS = 60_000
/** Where the log begins once retention came. */
const LOG_START = 10

const type = workType('pinned')
const { tasks: topic } = topicNames(type.type)
const tp = { topic, partition: 0 }

/** A fleet whose first task pins the committed offset for an hour; all others have ended, and its runner is dead. */
async function pinnedAndDead(seed: number, forMs: number) {
  const fleet = await VirtualFleet.start({ seed, type, partitions: 1, agent: { timeout: '2h' } })
  const admin = await fleet.cluster.connect({ clientId: 'operator' }).admin()
  const publish = async (count: number): Promise<Published[]> => {
    const published: Published[] = []
    for (let n = 0; n < count; n += 1) published.push(await fleet.until(fleet.publish(work(n))))
    return published
  }
  await fleet.until(fleet.publish(work(-1, { workMs: HOUR_MS })))
  const first = await fleet.startRunner('first')
  await publish(LOG_START - 1)
  await fleet.clock.advance(1_000) // commits, and with the first one its marker: of a record that retention will take
  await publish(TASKS - LOG_START)
  await fleet.clock.advanceUntil(() => fleet.outstanding() === 1, MINUTE_MS)
  await fleet.clock.advance(forMs)
  first.freeze()
  await fleet.until(fleet.bury('first'))
  const [committed] = await admin.committed(groupIdOf(topic), [tp])
  expect(committed?.next).toBe(0)
  const metadata = committed?.metadata ?? ''
  const startedBySecond = (): readonly string[] =>
    fleet.journal.entries.flatMap((entry) =>
      entry.kind === 'started' && entry.runner === 'second' ? entry.taskId : [],
    )
  return { fleet, admin, publish, metadata, startedBySecond }
}

async function makeAnew(admin: AdminPort): Promise<void> {
  const specs = await admin.describeTopics([topic])
  await admin.deleteTopics([topic])
  await admin.createTopics(specs.map((spec) => ({ ...spec, replicationFactor: 1 })))
}

const idsOf = (published: readonly Published[]): string[] => published.map(({ taskId }) => taskId).toSorted()

test('P7: what finished above a pinned offset is not run again after retention has passed that offset', async () => {
  const { fleet, publish, startedBySecond } = await pinnedAndDead(1, 11 * MINUTE_MS)
  fleet.cluster.deleteRecords(tp, LOG_START)
  const later = await publish(5)
  const second = await fleet.startRunner('second')
  await fleet.clock.advanceUntil(() => fleet.outstanding() === 1, MINUTE_MS)
  await fleet.clock.advance(MINUTE_MS)
  expect([...startedBySecond()].toSorted()).toEqual(idsOf(later))
  assertKept(noDuplicates(await fleet.history()))
  await fleet.until(second.drain())
  await fleet.close()
})

test('P7: where the runner died within ten minutes, what is left of the log runs again: nothing proves that it is the same', async () => {
  const { fleet, startedBySecond } = await pinnedAndDead(2, 5_000)
  fleet.cluster.deleteRecords(tp, LOG_START)
  const second = await fleet.startRunner('second')
  await fleet.clock.advanceUntil(() => startedBySecond().length === TASKS - LOG_START, MINUTE_MS)
  await fleet.until(second.drain())
  await fleet.close()
})

test('P1: a note that outlived its topic skips nothing of the one made anew, whatever retention took of that', async () => {
  const { fleet, admin, publish, metadata, startedBySecond } = await pinnedAndDead(3, 11 * MINUTE_MS)
  await fleet.until(makeAnew(admin))
  const published = await publish(TASKS)
  fleet.cluster.deleteRecords(tp, LOG_START)
  await fleet.until(admin.commitNote(groupIdOf(topic), [{ tp, next: 0, metadata }]))
  const second = await fleet.startRunner('second')
  await fleet.clock.advanceUntil(() => startedBySecond().length >= TASKS - LOG_START, MINUTE_MS)
  expect([...startedBySecond()].toSorted()).toEqual(idsOf(published.slice(LOG_START)))
  await fleet.until(second.drain())
  await fleet.close()
})
