// docs/wire.md with kcat (librdkafka), a client nobody here had a hand in.

import { spawnSync } from 'node:child_process'
import { HEADER, headerText, isTaskId, partitionFor, topicNames } from '@towline/contracts'
import { type RunningBroker, testBrokers } from '@towline/test-brokers'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startRunner } from '../start-runner.ts'
import { TestFleet } from '../test-fleet.ts'
import { ForeignClient } from './foreign-client.ts'
import { shoutAgent, shoutType } from './shout.ts'

const lacking = spawnSync('kcat', ['-V']).status === 0 ? null : 'kcat is not installed here (Debian package kcat)'
// Of as many, librdkafka's own partitioner puts the key of the page elsewhere.
const PARTITIONS = 5

describe.skipIf(lacking !== null).each(testBrokers())(
  `${lacking ?? 'kcat as docs/wire.md shows it'}, on $name`,
  ({ start }) => {
    let broker: RunningBroker

    beforeAll(async () => {
      broker = await start()
    })
    afterAll(() => broker.stop())

    test('publishes tasks, reads their ends and a dead letter as it was sent', async () => {
      const agent = shoutAgent()
      await using fleet = await TestFleet.start(broker, [agent], { partitions: PARTITIONS })
      await using _runner = await startRunner(fleet)
      const client = await ForeignClient.create(fleet)
      const printed = await client.runSection('kcat')

      const names = topicNames('shout', fleet.namespace)
      const tasks = await fleet.records(names.tasks)
      const keyed = tasks.find(({ key }) => key?.toString() === 'session-1')
      const taskId = headerText(keyed?.headers ?? {}, HEADER.ceId) ?? ''
      expect(isTaskId(taskId)).toBe(true)
      expect(keyed?.partition).toBe(partitionFor(Buffer.from('session-1'), PARTITIONS))
      const ends = (await fleet.ends(shoutType())).map(({ result }) => result)
      expect(ends).toHaveLength(2)
      expect(ends.find((end) => end.taskId === taskId)).toMatchObject({ end: 'succeeded', attempts: 1 })
      const dead = ends.find(({ end }) => end === 'dead-lettered')
      expect(dead).toMatchObject({ reason: 'terminal', failure: { message: 'the text is empty' } })

      expect([...printed.matchAll(/^end of (\S+) at \d+$/gm)].map(([, id]) => id).toSorted()).toEqual(
        [taskId, dead?.taskId].toSorted(),
      )
      expect(printed).toMatch(new RegExp(`^${dead?.taskId} .*asked-by=kcat.*towline-dead-reason=terminal`, 'm'))
      const [letter] = await fleet.records(names.dlq)
      const empty = tasks.find(({ key }) => key === null)
      expect(letter?.value).toEqual(empty?.value)
    })
  },
)
