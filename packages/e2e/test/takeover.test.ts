import { setTimeout as sleep } from 'node:timers/promises'
import { groupIdOf, HEADER, newTaskId, topicNames } from '@towline/contracts'
import { type RunningBroker, testBrokers } from '@towline/test-brokers'
import { assertKept, everyPromise } from '@towline/testing'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { createJournal } from './create-journal.ts'
import { allEnded, countingEnds } from './history.ts'
import type { Journal } from './journal.ts'
import { RunnerProcess, WAIT } from './runner-process.ts'
import { StallProbe } from './stall-probe.ts'
import { type Published, TestFleet } from './test-fleet.ts'
import { work, workType } from './work.ts'
import { workAgent } from './work-agent.ts'

const IN_FLIGHT = 100
const PARTITIONS = 6
const KILLS = 3
const SOON = { ...WAIT, interval: 5 }
/** Longer than it takes to start all of them, and to be taken over by a supervisor. */
const WORK_MS = 3_000

describe.each(testBrokers())('P8: take-over, on $name', ({ name: brokerName, start }) => {
  const type = workType('takeover')
  const agent = { concurrency: 2 * IN_FLIGHT }
  let broker: RunningBroker

  beforeAll(async () => {
    broker = await start()
  })
  afterAll(() => broker.stop())

  /** Partitions of the tasks topic by client id. */
  async function held({ fleet, namespace }: TestFleet): Promise<ReadonlyMap<string, readonly number[]>> {
    const { tasks } = topicNames(type.type, namespace)
    const { state, members } = await (await fleet.admin()).describeGroup(groupIdOf(tasks))
    if (state !== 'Stable') return new Map()
    return new Map(members.map(({ clientId, assigned }) => [clientId, assigned.map(({ partition }) => partition)]))
  }

  /** Puts tasks on the partitions that a runner holds, and waits until it runs all of them at once. */
  async function occupy(fleet: TestFleet, runner: RunnerProcess, journal: Journal): Promise<readonly Published[]> {
    const { tasks: topic } = topicNames(type.type, fleet.namespace)
    const partitions = (await held(fleet)).get(runner.name) ?? []
    const published = await Promise.all(
      Array.from({ length: IN_FLIGHT }, async (_, n): Promise<Published> => {
        const taskId = newTaskId()
        const value = await fleet.encode(type, work(n, { workMs: WORK_MS }))
        const record = { key: Buffer.from(taskId), value, headers: { [HEADER.ceId]: taskId } }
        const position = await fleet.sendRaw(type, record, partitions[n % partitions.length])
        return { kind: 'published', taskId, key: null, n, ...position, topic, atMs: Date.now() }
      }),
    )
    await vi.waitFor(() => expect(journal.of('started')).toHaveLength(IN_FLIGHT), SOON)
    expect(new Set(journal.of('started').map(({ runner: name }) => name))).toEqual(new Set([runner.name]))
    expect(journal.of('returned')).toEqual([])
    return published
  }

  /** Two command lines that hold half of the partitions each. */
  async function twoRunners(fleet: TestFleet, journal: Journal) {
    const of = { type: type.type, agent, journal, isCommandLine: true }
    const [survivor, victim] = await Promise.all([
      RunnerProcess.start(fleet, { ...of, name: 'survivor' }),
      RunnerProcess.start(fleet, { ...of, name: 'victim' }),
    ])
    await vi.waitFor(async () => {
      const partitions = await held(fleet)
      for (const { name } of [survivor, victim]) expect(partitions.get(name)).toHaveLength(PARTITIONS / 2)
    }, WAIT)
    return { survivor, victim }
  }

  /** From a moment to the start of the last of the tasks that were running then, each by its first start after it. */
  async function lastRestartMs(journal: Journal, sinceMs: number): Promise<number> {
    return await vi.waitFor(() => {
      const again = new Map<string, number>()
      for (const { taskId, atMs } of journal.of('started').slice(IN_FLIGHT)) {
        if (!again.has(taskId)) again.set(taskId, atMs)
      }
      expect(again.size).toBe(IN_FLIGHT)
      return Math.max(...again.values()) - sinceMs
    }, SOON)
  }

  async function expectAllEnded(fleet: TestFleet, journal: Journal, published: readonly Published[]): Promise<void> {
    await allEnded(fleet, type, published)
    assertKept(...everyPromise(await fleet.history(type, published, journal)))
    // Not for want of anything to judge: a command line is heard as well as any runner.
    for (const kind of ['ended', 'committed'] as const) expect(journal.of(kind)).not.toEqual([])
    const counting = [...countingEnds(await fleet.ends(type)).values()]
    expect(counting.filter(({ end, attempts }) => end !== 'succeeded' || attempts !== 1)).toEqual([])
  }

  /**
   * Kills a runner at work, and its supervisor too where it is asked to; answers how long the take-over took, less the time
   * in which the machine stood still.
   */
  async function takeOver({ withSupervisor }: { readonly withSupervisor: boolean }): Promise<number> {
    const journal = createJournal()
    await using fleet = await TestFleet.start(broker, [workAgent(type, journal, agent)], { partitions: PARTITIONS })
    const runners = await twoRunners(fleet, journal)
    await using victim = runners.victim
    await using _survivor = runners.survivor
    const published = await occupy(fleet, victim, journal)
    await using probe = await StallProbe.start()
    const killedAtMs = Date.now()
    if (withSupervisor) await victim.kill()
    else victim.signalRunner('SIGKILL')
    const wallMs = await lastRestartMs(journal, killedAtMs)
    const stalledMs = await probe.stalledMs(killedAtMs, killedAtMs + wallMs)
    await expectAllEnded(fleet, journal, published)
    if (!withSupervisor) {
      await vi.waitFor(() => expect(victim.runnerPids).toHaveLength(2), WAIT)
      await victim.says('left groups in the name of the dead runner process')
      await vi.waitFor(async () => expect((await held(fleet)).get(victim.name)).toHaveLength(PARTITIONS / 2), WAIT)
    }
    const how = withSupervisor ? 'runner and supervisor' : 'runner'
    const excuse = stalledMs === 0 ? '' : `, of which the machine stood still for ${stalledMs} ms`
    process.stdout.write(`take-over on ${brokerName}, ${how} killed: ${wallMs} ms to the last restart${excuse}\n`)
    return wallMs - stalledMs
  }

  test(`a killed runner, each of ${KILLS}: all ${IN_FLIGHT} tasks run again within 1.5 s, none is lost, and it is restarted`, async () => {
    for (let kill = 1; kill <= KILLS; kill += 1) {
      expect(await takeOver({ withSupervisor: false })).toBeLessThanOrEqual(1_500)
    }
  }, 120_000)

  test(`killed with its supervisor: all ${IN_FLIGHT} tasks run again within 10 s, and none is lost`, async () => {
    expect(await takeOver({ withSupervisor: true })).toBeLessThanOrEqual(10_000)
  }, 60_000)

  test('nobody speaks for a runner that is stopped, not dead', async () => {
    const journal = createJournal()
    await using fleet = await TestFleet.start(broker, [workAgent(type, journal, agent)], { partitions: PARTITIONS })
    const of = { type: type.type, agent, journal, isCommandLine: true }
    await using stopped = await RunnerProcess.start(fleet, { ...of, name: 'stopped' })
    const members = async () =>
      await Promise.all(
        (await fleet.groupIds()).map(
          async (groupId) => (await (await fleet.fleet.admin()).describeGroup(groupId)).members,
        ),
      )
    const before = await members()
    expect(before.flat().length).toBeGreaterThan(1)
    stopped.signalRunner('SIGSTOP')
    stopped.signal('SIGTERM')
    // Within the session of 6 s only a supervisor could end a membership, and it has had far more time than it takes.
    await sleep(2_000)
    expect(await members()).toEqual(before)
    // It cannot drain. Killed, it is dead, and its groups are left at once.
    stopped.signal('SIGTERM')
    expect(await stopped.exited).toEqual({ code: 130, signal: null })
    expect((await members()).flat()).toEqual([])
  }, 60_000)
})
