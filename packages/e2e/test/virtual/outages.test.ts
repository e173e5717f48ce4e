import { RateLimitedError, topicNames } from '@towline/contracts'
import type { MemoryOutage } from '@towline/kafka/memory'
import { assertKept, boundedDuplicates, keyOrder, noConcurrentKey, noLoss } from '@towline/testing'
import { describe, expect, test } from 'vitest'
import { work, workType } from '../work.ts'
import type { VirtualAgentOptions } from './virtual-agent.ts'
import { VirtualFleet } from './virtual-fleet.ts'

const OUTAGE_MS = 600_000
const TASKS = 30
/** The longest pause between two probes of the registry, and a session on top. */
const RESUMES_WITHIN_MS = 30_000

const type = workType('outages')
const names = topicNames(type.type)

describe('P13: ten minutes without', () => {
  async function startFleet(agent: VirtualAgentOptions = {}): Promise<VirtualFleet> {
    return await VirtualFleet.start({ seed: 1, type, agent, latencyMs: 5 })
  }

  async function publish(fleet: VirtualFleet, from: number): Promise<void> {
    for (let n = from; n < from + TASKS; n += 1) {
      await fleet.until(fleet.publish(work(n, { workMs: 200 }), n % 2 === 0 ? null : `key-${n % 5}`))
    }
  }

  async function recordsOf(fleet: VirtualFleet, topic: string): Promise<number> {
    return (await fleet.until(fleet.records(topic))).length
  }

  /** Every task succeeded by its first attempt, whatever ran again; and nothing was written down as failed. */
  async function spentNothing(fleet: VirtualFleet): Promise<void> {
    const history = await fleet.history()
    assertKept(noLoss(history), keyOrder(history), noConcurrentKey(history))
    for (const { end, result } of fleet.ends)
      expect({ end, attempts: result.attempts }).toEqual({ end: 'succeeded', attempts: 1 })
    expect(await recordsOf(fleet, names.dlq)).toBe(0)
  }

  test('the registry: a fresh runner starts nothing, spends nothing, and goes on by itself', async () => {
    const fleet = await startFleet()
    const runner = await fleet.startRunner('runner')
    fleet.registry.setOutage(true)
    await publish(fleet, 0)
    await fleet.clock.advance(OUTAGE_MS)
    expect(fleet.journal.entries.filter(({ kind }) => kind === 'started')).toEqual([])
    fleet.registry.setOutage(false)
    await fleet.untilAllEnded(RESUMES_WITHIN_MS)
    await spentNothing(fleet)
    await fleet.until(runner.drain())
    await fleet.close()
  })

  test.each<MemoryOutage>(['refuse', 'hang'])(
    'the broker (%s): what runs ends, and its outcome is written when it can be',
    async (outage) => {
      const fleet = await startFleet()
      const runners = [await fleet.startRunner('runner-1'), await fleet.startRunner('runner-2')]
      await publish(fleet, 0)
      fleet.cluster.setOutage(outage)
      await fleet.clock.advance(OUTAGE_MS)
      fleet.cluster.setOutage(null)
      await publish(fleet, TASKS)
      await fleet.untilAllEnded(2 * RESUMES_WITHIN_MS)
      await spentNothing(fleet)
      assertKept(boundedDuplicates(await fleet.history()))
      await fleet.until(Promise.all(runners.map((runner) => runner.drain())))
      await fleet.close()
    },
  )

  test('the registry, in which every consumer dies: what joins again when it is back is not left paused', async () => {
    const fleet = await startFleet({ retry: { delays: ['5s'], tiers: ['5s'] } })
    const runner = await fleet.startRunner('runner')
    fleet.registry.setOutage(true)
    await publish(fleet, 0)
    const isOut = (): boolean => fleet.journal.entries.some((entry) => entry.kind === 'registry' && entry.isOut)
    await fleet.clock.advanceUntil(isOut, 10_000)
    const GROUP_AUTHORIZATION_FAILED = 30
    fleet.cluster.faults.add({ api: 'Heartbeat', clientId: 'runner', times: 3, errorCode: GROUP_AUTHORIZATION_FAILED })
    fleet.cluster.faults.add({ api: 'JoinGroup', clientId: 'runner', delayMs: 20_000 })
    await fleet.clock.advance(5_000)
    fleet.registry.setOutage(false)
    await fleet.clock.advance(60_000)
    fleet.cluster.faults.clear()
    await fleet.untilAllEnded(RESUMES_WITHIN_MS)
    await spentNothing(fleet)
    await fleet.until(runner.drain())
    await fleet.close()
  })

  test('a dependency that says so: deferrals spend nothing, and keys keep their order', async () => {
    let isOut = true
    const fleet = await startFleet({
      dependency: () => {
        if (isOut) throw new RateLimitedError(15_000)
      },
    })
    const runner = await fleet.startRunner('runner')
    await publish(fleet, 0)
    await fleet.clock.advance(OUTAGE_MS)
    expect(fleet.ends).toEqual([])
    isOut = false
    await fleet.untilAllEnded(2 * RESUMES_WITHIN_MS)
    await spentNothing(fleet)
    await fleet.until(runner.drain())
    await fleet.close()
  })

  test('a dependency that fails: the default ladder outlasts it, and dead-letters nothing', async () => {
    let isOut = true
    const fleet = await startFleet({
      ordering: 'none',
      dependency: () => {
        if (isOut) throw new Error('connect ECONNREFUSED')
      },
    })
    const runner = await fleet.startRunner('runner')
    await publish(fleet, 0)
    await fleet.clock.advance(OUTAGE_MS)
    isOut = false
    await fleet.untilAllEnded()
    assertKept(noLoss(await fleet.history()))
    // At 0 s, 5 s and 65 s it failed, at 665 s it did not.
    for (const { end, result } of fleet.ends)
      expect({ end, attempts: result.attempts }).toEqual({ end: 'succeeded', attempts: 4 })
    expect(await recordsOf(fleet, names.dlq)).toBe(0)
    await fleet.until(runner.drain())
    await fleet.close()
  })
})
