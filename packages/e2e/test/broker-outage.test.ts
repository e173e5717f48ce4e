import { topicNames } from '@towline/contracts'
import { testBrokers } from '@towline/test-brokers'
import { describe, expect, test, vi } from 'vitest'
import { createJournal } from './create-journal.ts'
import { countingEnds, unaccounted, unjustifiedReruns, unmarkedReruns } from './history.ts'
import { RunnerProcess, WAIT } from './runner-process.ts'
import { TestFleet } from './test-fleet.ts'
import { work, workType } from './work.ts'
import { workAgent } from './work-agent.ts'

const APIS = [
  ...(['Produce', 'Fetch', 'ListOffsets', 'Metadata', 'OffsetCommit', 'OffsetFetch', 'FindCoordinator'] as const),
  ...(['JoinGroup', 'SyncGroup', 'Heartbeat', 'LeaveGroup', 'ApiVersions'] as const),
]
const TASKS = 300

// Only the dev broker can be made unreachable: a Kafka that was given is not ours to stop.
describe.each(testBrokers().slice(0, 1))('P13: an outage of the broker, on $name', ({ start }) => {
  test.each([
    { which: 'shorter than a session', outageMs: 3_000 },
    { which: 'longer than a session', outageMs: 9_000 },
  ])(
    '$which burns no attempt, floods no dead letters, and ends by itself',
    async ({ outageMs }) => {
      await using broker = await start()
      const type = workType('unreachable')
      const agent = { concurrency: 10 }
      const journal = createJournal()
      await using fleet = await TestFleet.start(broker, [workAgent(type, journal, agent)])
      const of = { type: type.type, agent, journal }
      await using first = await RunnerProcess.start(fleet, { ...of, name: 'first' })
      await first.holds(3)
      const sending = Array.from({ length: TASKS }, (_, n) =>
        fleet.send(type, work(n, { workMs: 20 + ((n * 37) % 60) })),
      )
      await vi.waitFor(() => expect(journal.of('ended').length).toBeGreaterThan(TASKS / 10), { ...WAIT, interval: 5 })
      const outage = APIS.map((api) => broker.faults?.add({ api, drop: true }))
      // What is published meanwhile is accepted late, not lost.
      sending.push(...Array.from({ length: 20 }, (_, i) => fleet.send(type, work(TASKS + i))))
      await new Promise((resolve) => setTimeout(resolve, outageMs)) // The outage itself.
      expect(outage.reduce((hits, fault) => hits + (fault?.hits ?? 0), 0)).toBeGreaterThan(10)
      for (const fault of outage) fault?.remove()

      const published = await Promise.all(sending)
      await vi.waitFor(async () => expect(unaccounted(published, await fleet.ends(type))).toEqual([]), WAIT)
      const ends = [...countingEnds(await fleet.ends(type)).values()]
      expect(ends.every(({ end, attempts }) => end === 'succeeded' && attempts === 1)).toBe(true)
      expect(await fleet.records(topicNames(type.type, fleet.namespace).dlq)).toEqual([])
      expect(unjustifiedReruns(journal.entries())).toEqual([])
      expect(unmarkedReruns(journal.entries())).toEqual([])
    },
    90_000,
  )
})
