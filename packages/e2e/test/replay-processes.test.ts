import { HEADER, headerText, idOfReplay, topicNames } from '@towline/contracts'
import { type RunningBroker, testBrokers } from '@towline/test-brokers'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { createJournal } from './create-journal.ts'
import { WAIT } from './runner-process.ts'
import { type Published, TestFleet } from './test-fleet.ts'
import { TowlineProcess } from './towline-process.ts'
import { work, workType } from './work.ts'
import { workAgent } from './work-agent.ts'

/** What a replay sends again at most after a kill, where nothing else is said. */
const MAX_REPEATS = 5_000
const SOON = { timeout: WAIT.timeout, interval: 5 }

describe.each(testBrokers())('P15: a replay is a process, on $name', ({ start }) => {
  const type = workType('replayed')
  const { type: agent } = type
  let broker: RunningBroker

  beforeAll(async () => {
    broker = await start()
  })
  afterAll(() => broker.stop())

  async function fleetWith(tasks: number): Promise<{ fleet: TestFleet; published: readonly Published[] }> {
    const fleet = await TestFleet.start(broker, [workAgent(type, createJournal())])
    const sending = Array.from({ length: tasks }, (_, n) =>
      fleet.send(type, work(n), n % 3 === 0 ? {} : { key: `key-${n % 50}` }),
    )
    return { fleet, published: await Promise.all(sending) }
  }

  /** Ids in the target, repeats included, in the order in which they stand there. */
  async function sentIds(fleet: TestFleet): Promise<readonly string[]> {
    const records = await fleet.records(topicNames(agent, fleet.namespace).replay)
    return records.map(({ headers }) => headerText(headers, HEADER.ceId) ?? '')
  }

  async function sentCount(fleet: TestFleet): Promise<number> {
    const admin = await fleet.fleet.admin()
    const offsets = await admin.offsets(topicNames(agent, fleet.namespace).replay)
    return offsets.reduce((sum, { high }) => sum + high, 0)
  }

  async function hasSent(fleet: TestFleet, records: number): Promise<void> {
    await vi.waitFor(async () => expect(await sentCount(fleet)).toBeGreaterThanOrEqual(records), SOON)
  }

  async function onlyReplay(fleet: TestFleet): Promise<string> {
    const [found, ...others] = await (await fleet.fleet.replays(agent)).list()
    expect(others).toEqual([])
    return found?.plan.replayId ?? ''
  }

  async function statusOf(fleet: TestFleet, replayId: string) {
    return await (await fleet.fleet.replays(agent)).status(replayId)
  }

  /** The ids a replay of these tasks makes, partition by partition in offset order. */
  function idsOf(replayId: string, published: readonly Published[]): readonly (readonly string[])[] {
    const partitions = Map.groupBy(published, ({ partition }) => partition)
    return [...partitions.values()].map((tasks) =>
      tasks
        .toSorted((a, b) => a.offset - b.offset)
        .map(({ topic, partition, offset }) => idOfReplay(replayId, topic, partition, offset)),
    )
  }

  function expectWholeAndInOrder(sent: readonly string[], expected: readonly (readonly string[])[]): void {
    const first = [...new Set(sent)]
    expect(first.toSorted()).toEqual(expected.flat().toSorted())
    for (const ids of expected) {
      const ofPartition = new Set(ids)
      expect(first.filter((id) => ofPartition.has(id))).toEqual(ids)
    }
  }

  test('that is killed twice and resumed: every record is there, in order, with bounded repeats', async () => {
    const { fleet, published } = await fleetWith(24_000)
    await using _ = fleet
    const kills = [8_000, 16_000]
    let replayId = ''
    let covered = 0
    for (const [at, records] of kills.entries()) {
      const args = at === 0 ? ['start', agent, '--all', '--rate', '6000', '--yes'] : ['resume', agent, replayId]
      await using running = new TowlineProcess(fleet, 'replay', ...args)
      await hasSent(fleet, records)
      running.signal('SIGKILL')
      expect(await running.ended).toMatchObject({ signal: 'SIGKILL' })
      replayId = await onlyReplay(fleet)
      const status = await statusOf(fleet, replayId)
      expect(status?.state).toBe('started')
      expect(status?.records).toBeGreaterThan(covered)
      expect(await sentCount(fleet)).toBeLessThanOrEqual((status?.records ?? 0) + (at + 1) * MAX_REPEATS)
      covered = status?.records ?? 0
    }
    await using last = new TowlineProcess(fleet, 'replay', 'resume', agent, replayId)
    expect(await last.ended).toMatchObject({ code: 0, stdout: expect.stringContaining('finished') })
    const sent = await sentIds(fleet)
    expectWholeAndInOrder(sent, idsOf(replayId, published))
    expect(sent.length).toBeGreaterThan(published.length)
    expect(sent.length - published.length).toBeLessThanOrEqual(kills.length * MAX_REPEATS)
    expect(await statusOf(fleet, replayId)).toMatchObject({ state: 'finished', records: published.length })
  }, 90_000)

  test('that is resumed while it runs goes on in the later process; the earlier one ends and says why', async () => {
    const { fleet, published } = await fleetWith(600)
    await using _ = fleet
    await using first = new TowlineProcess(fleet, 'replay', 'start', agent, '--all', '--rate', '100', '--yes')
    await hasSent(fleet, 20)
    const replayId = await onlyReplay(fleet)
    await using second = new TowlineProcess(fleet, 'replay', 'resume', agent, replayId)
    const told = await first.ended
    expect(told).toMatchObject({ code: 1, stdout: '' })
    expect(told.stderr).toMatch(/^error: TOWLINE_REPLAY_TAKEN_OVER: .* `towline replay status replayed \S+`$/m)
    expect(await second.ended).toMatchObject({ code: 0, stdout: expect.stringContaining('finished') })
    expectWholeAndInOrder(await sentIds(fleet), idsOf(replayId, published))
    expect(await statusOf(fleet, replayId)).toMatchObject({ state: 'finished', records: published.length })
  })

  test('that is aborted and then interrupted stays aborted', async () => {
    const { fleet } = await fleetWith(30)
    await using _ = fleet
    await using running = new TowlineProcess(fleet, 'replay', 'start', agent, '--all', '--rate', '1', '--yes')
    await hasSent(fleet, 2)
    const replayId = await onlyReplay(fleet)
    await using abort = new TowlineProcess(fleet, 'replay', 'abort', agent, replayId, '--yes')
    expect(await abort.ended).toMatchObject({ code: 0, stdout: expect.stringContaining('aborted') })
    running.signal('SIGINT')
    expect(await running.ended).toMatchObject({ code: 1, stdout: expect.stringContaining('aborted') })
    expect(await statusOf(fleet, replayId)).toBeNull()
  })
})
