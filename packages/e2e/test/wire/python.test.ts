// docs/wire.md with kafka-python, whose protocol, partitioner and retries are its own. One Python for the whole file.

import { randomUUID } from 'node:crypto'
import {
  agentWithNamespace,
  HEADER,
  headerText,
  idOfKey,
  idOfRecord,
  topicNames,
  userHeaders,
} from '@towline/contracts'
import { type RunningBroker, testBrokers } from '@towline/test-brokers'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { WAIT } from '../runner-process.ts'
import { startRunner } from '../start-runner.ts'
import { TestFleet } from '../test-fleet.ts'
import { ForeignClient, placesIn } from './foreign-client.ts'
import { PythonEnvironment, whyNoPython } from './python-environment.ts'
import { shoutAgent, shoutType } from './shout.ts'

const lacking = whyNoPython()
const PARTITIONS = 3
const MANY = 40

describe.skipIf(lacking !== null)(lacking ?? 'a Python client', () => {
  let python: PythonEnvironment

  beforeAll(async () => {
    python = await PythonEnvironment.create()
  }, 120_000)
  afterAll(() => python[Symbol.dispose]())

  describe.each(testBrokers())('on $name', ({ start }) => {
    let broker: RunningBroker

    beforeAll(async () => {
      broker = await start()
    })
    afterAll(() => broker.stop())

    test('publishes and reads results as docs/wire.md shows it', async () => {
      await using fleet = await TestFleet.start(broker, [shoutAgent()], { partitions: PARTITIONS })
      await using _runner = await startRunner(fleet)
      const client = await ForeignClient.create(fleet, python.path)
      const printed = await client.runSection('Python')

      const [, again, empty, order] = placesIn(printed)
      if (again === undefined || empty === undefined || order === undefined)
        throw new Error(`four places, not ${printed}`)
      const idOf = ({ topic, partition, offset }: typeof again): string => idOfRecord(topic, partition, offset)
      const lines = printed.split('\n')
      expect(lines).toContain('3f2b8c1e-5d47-4a90-9c3b-7e61d0a2f458 succeeded {"text": "HELLO"}')
      expect(lines).toContain(`${idOf(again)} succeeded {"text": "HELLO AGAIN"}`)
      expect(lines).toContain(`${idOf(empty)} dead-lettered "the text is empty"`)
      await vi.waitFor(async () => expect(await fleet.ends(shoutType())).toHaveLength(4), WAIT)
      const ends = (await fleet.ends(shoutType())).map(({ result }) => result)
      const orderId = idOfKey(agentWithNamespace('shout', fleet.namespace), undefined, 'order-17')
      expect(ends.find(({ taskId }) => taskId === orderId)).toMatchObject({ end: 'succeeded', origin: order })
    })

    test('keeps a key in the partition where our producer puts it', async () => {
      await using fleet = await TestFleet.start(broker, [shoutAgent()], { partitions: PARTITIONS })
      const client = await ForeignClient.create(fleet, python.path)
      const keys = Array.from({ length: MANY }, (_, n) => `session ${n} ä`)
      const places = await client.publish(keys.map((key) => ({ value: { text: key }, key })))
      const type = shoutType()
      const ours = await Promise.all(
        keys.map(async (key) => {
          const value = await fleet.encode(type, { text: key })
          return await fleet.sendRaw(type, { key: Buffer.from(key), value, headers: {} })
        }),
      )
      expect(places.map(({ partition }) => partition)).toEqual(ours.map(({ partition }) => partition))
      expect(new Set(places.map(({ partition }) => partition)).size).toBe(PARTITIONS)
    })

    test('a record that the network repeats is one task with a ce_id, and another one without', async () => {
      const seen: string[] = []
      await using fleet = await TestFleet.start(broker, [shoutAgent((text) => seen.push(text))], { partitions: 1 })
      const client = await ForeignClient.create(fleet, python.path)
      const repeated = async (task: Parameters<typeof client.publish>[0][number]): Promise<void> => {
        // Where the broker can lose an answer it does, and the client sends again; Kafka is given the record twice.
        using fault = broker.faults?.add({
          api: 'Produce',
          clientId: /kafka-python/,
          when: 'after',
          drop: true,
          times: 1,
        })
        await client.publish(fault === undefined ? [task, task] : [task])
      }
      const withId = randomUUID()
      await repeated({ value: { text: 'with an id' }, headers: { [HEADER.ceId]: withId } })
      await repeated({ value: { text: 'without' } })
      const { tasks } = topicNames('shout', fleet.namespace)
      expect(await fleet.records(tasks)).toHaveLength(4)

      await using _runner = await startRunner(fleet)
      await vi.waitFor(async () => {
        expect((await fleet.fleet.lag()).every(({ lag }) => lag === 0)).toBe(true)
      }, WAIT)
      expect(seen.toSorted()).toEqual(['with an id', 'without', 'without'])
      const ids = (await fleet.ends(shoutType())).map(({ result }) => result.taskId)
      // Results have partitions of their own: their order across them says nothing.
      expect(ids.toSorted()).toEqual([withId, idOfRecord(tasks, 0, 2), idOfRecord(tasks, 0, 3)].toSorted())
    })

    test.each(['keyed', 'unkeyed'] as const)(
      'headers of its own travel through retry to the dead letter: %s',
      async (kind) => {
        const seen: string[] = []
        await using fleet = await TestFleet.start(broker, [shoutAgent((text) => seen.push(text))], { partitions: 1 })
        await using _runner = await startRunner(fleet)
        const client = await ForeignClient.create(fleet, python.path)
        const headers = { 'asked-by': 'python', 'Ünicode name': 'wert ✓', 'x-empty': '' }
        const [place] = await client.publish([
          { value: { text: 'fail' }, headers, ...(kind === 'keyed' ? { key: 'session-1' } : {}) },
        ])
        if (place === undefined) throw new Error('it was not published')
        const { tasks, dlq, retry } = topicNames('shout', fleet.namespace)
        await vi.waitFor(async () => expect(await fleet.ends(shoutType())).toHaveLength(1), WAIT)
        expect(seen).toEqual(['fail', 'fail'])
        const [task] = await fleet.records(tasks)
        const [letter] = await fleet.records(dlq)
        const id = idOfRecord(place.topic, place.partition, place.offset)
        expect(letter?.key?.toString()).toBe(kind === 'keyed' ? 'session-1' : id)
        expect(letter?.value).toEqual(task?.value)
        expect(headerText(letter?.headers ?? {}, HEADER.ceId)).toBe(id)
        const own = Object.fromEntries(Object.entries(headers).map(([name, text]) => [name, Buffer.from(text)]))
        expect({ ...userHeaders(letter?.headers ?? {}) }).toEqual(own)
        const moved = await fleet.records(retry(1_000))
        expect(moved.map((record) => ({ ...userHeaders(record.headers) }))).toEqual(kind === 'keyed' ? [] : [own])
      },
    )
  })
})
