import { HEADER, headerText, idOfRecord, topicNames } from '@towline/contracts'
import { type RunningBroker, testBrokers } from '@towline/test-brokers'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { createJournal } from './create-journal.ts'
import { WAIT } from './runner-process.ts'
import { startRunner } from './start-runner.ts'
import { TestFleet } from './test-fleet.ts'
import { work, workType } from './work.ts'
import { workAgent } from './work-agent.ts'

describe.each(testBrokers())('Records of other clients, on $name', ({ start }) => {
  const type = workType('foreign')
  let broker: RunningBroker

  beforeAll(async () => {
    broker = await start()
  })
  afterAll(() => broker.stop())

  test('an Avro value and nothing else is a task: its id comes from its position, through retries too', async () => {
    const journal = createJournal()
    const agent = workAgent(type, journal, { retry: { delays: ['1s'], tiers: ['1s'] } })
    await using fleet = await TestFleet.start(broker, [agent])
    await using _runner = await startRunner(fleet, journal)
    const bare = async (n: number, partition: number, failAttempts = 0) =>
      await fleet.sendRaw(
        type,
        { key: null, value: await fleet.encode(type, work(n, { failAttempts })), headers: {} },
        partition,
      )
    const positions = [await bare(0, 0), await bare(1, 2), await bare(2, 2, 1)]
    await vi.waitFor(async () => expect(await fleet.ends(type)).toHaveLength(3), WAIT)
    const results = new Map((await fleet.ends(type)).map(({ result }) => [result.taskId, result]))
    for (const [n, origin] of positions.entries()) {
      const result = results.get(idOfRecord(origin.topic, origin.partition, origin.offset))
      expect(result).toMatchObject({ end: 'succeeded', life: 1, attempts: n === 2 ? 2 : 1, origin })
    }
    const [moved] = await fleet.records(topicNames(type.type, fleet.namespace).retry(1_000))
    const id = idOfRecord(positions[2]?.topic ?? '', 2, positions[2]?.offset ?? -1)
    expect(moved?.key?.toString()).toBe(id)
    expect(headerText(moved?.headers ?? {}, HEADER.ceId)).toBe(id)
  })
})
