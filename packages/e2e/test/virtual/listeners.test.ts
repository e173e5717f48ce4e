import { groupIdOf, topicNames } from '@towline/contracts'
import { expect, test } from 'vitest'
import { work, workType } from '../work.ts'
import { VirtualFleet } from './virtual-fleet.ts'
import { VirtualProcess } from './virtual-process.ts'

test('listeners of a runner that throw cost no task a second run, and hold no offset back', async () => {
  const type = workType('heard')
  const { tasks: topic } = topicNames(type.type)
  const fleet = await VirtualFleet.start({ seed: 1, type, partitions: 1 })
  for (const n of [0, 1, 2]) await fleet.until(fleet.publish(work(n)))
  const journal = fleet.journal.by('runner')
  const runner = new VirtualProcess('runner', fleet, {
    write: (event) => {
      journal.write(event)
      if (event.kind === 'ended' || event.kind === 'committed') throw new Error('a listener')
    },
  })
  await fleet.until(fleet.begin(runner))
  await fleet.untilAllEnded(60_000)
  await fleet.clock.advance(60_000)
  const count = (kind: string): number => fleet.journal.entries.filter((entry) => entry.kind === kind).length
  expect([count('started'), count('ended'), fleet.ends.length]).toEqual([3, 3, 3])
  const admin = await fleet.cluster.connect({ clientId: 'operator' }).admin()
  expect(await admin.committed(groupIdOf(topic), [{ topic, partition: 0 }])).toMatchObject([{ next: 3 }])
  await fleet.until(runner.drain())
  await fleet.close()
})
