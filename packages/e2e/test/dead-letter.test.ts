import {
  avroCodec,
  type DeadReason,
  defineAgent,
  frame,
  HEADER,
  headerText,
  newTaskId,
  type TaskResult,
  TerminalError,
  topicNames,
} from '@towline/contracts'
import { type RunningBroker, testBrokers } from '@towline/test-brokers'
import { assertKept, everyPromise, exactLedger, noLoss } from '@towline/testing'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { createJournal } from './create-journal.ts'
import { allEnded, countingEnds } from './history.ts'
import { WAIT } from './runner-process.ts'
import { startRunner } from './start-runner.ts'
import { TestFleet } from './test-fleet.ts'
import { work, workType } from './work.ts'
import { workAgent } from './work-agent.ts'

describe.each(testBrokers())('P12, P14: dead letters, on $name', ({ start }) => {
  const type = workType('dying')
  let broker: RunningBroker

  beforeAll(async () => {
    broker = await start()
  })
  afterAll(() => broker.stop())

  test('bytes that cannot be decoded go to the DLQ as they came, at once; their neighbours finish', async () => {
    const journal = createJournal()
    await using fleet = await TestFleet.start(broker, [workAgent(type, journal)], { partitions: 1 })
    const whole = await fleet.encode(type, work(0))
    const poison = {
      'no frame': Buffer.from('{"n": 1}'),
      'a schema nobody registered': frame(424_242, whole.subarray(5)),
      'a body cut short': whole.subarray(0, whole.length - 2),
      'bytes after the body': Buffer.concat([whole, Buffer.from('x')]),
      nothing: Buffer.alloc(0),
      'no value': null,
    }
    const publish = async ([, value]: readonly [string, Buffer | null], n: number) => {
      const taskId = newTaskId()
      await fleet.send(type, work(2 * n), { key: 'one' })
      const headers = { [HEADER.ceId]: taskId, 'x-from': 'somewhere' }
      const position = await fleet.sendRaw(type, { key: Buffer.from('one'), value, headers })
      await fleet.send(type, work(2 * n + 1), { key: 'one' })
      return { taskId, value, position }
    }
    const sent = []
    for (const [n, each] of Object.entries(poison).entries()) sent.push(await publish(each, n))
    await using _runner = await startRunner(fleet, journal)
    const neighbours = 2 * sent.length
    await vi.waitFor(async () => expect(await fleet.ends(type)).toHaveLength(sent.length + neighbours), WAIT)

    const letters = await fleet.records(topicNames(type.type, fleet.namespace).dlq)
    expect(letters.map(({ value }) => value)).toEqual(sent.map(({ value }) => value))
    const ends = countingEnds(await fleet.ends(type))
    for (const [at, { taskId, position }] of sent.entries()) {
      const { headers = {} } = letters[at] ?? {}
      expect(headerText(headers, HEADER.ceId)).toBe(taskId)
      expect(headerText(headers, HEADER.deadReason)).toBe('undecodable' satisfies DeadReason)
      expect(headerText(headers, HEADER.origin)).toBe(`${position.topic}/${position.partition}/${position.offset}`)
      expect(headerText(headers, 'x-from')).toBe('somewhere')
      expect(ends.get(`${taskId}/1`)).toMatchObject({ end: 'dead-lettered', reason: 'undecodable', attempts: 0 })
    }
    expect(journal.of('returned').map(({ n }) => n)).toEqual(Array.from({ length: neighbours }, (_, n) => n))
  })

  test.each([
    ['through a tier', '1s'],
    ['in the runner', '5s'],
  ])(
    'a dead letter that was retried %s tells the error, its stack, its origin, its first and last failure',
    async (_, tier) => {
      const reached = (attempt: number): never => {
        throw new RangeError(`depth ${attempt} was reached`)
      }
      const agent = defineAgent(type, {
        retry: { delays: ['1s'], tiers: [tier], maxAttempts: 2 },
        run: (_work, { attempt }) => reached(attempt),
      })
      await using fleet = await TestFleet.start(broker, [agent])
      await using _runner = await startRunner(fleet)
      const sent = await fleet.send(type, work(7), { headers: { 'x-from': 'somewhere' } })
      await allEnded(fleet, type, [sent])
      const letters = await fleet.fleet.deadLetters(type.type)
      const { letter, firstFailure, lastFailure, payload, headers } = await letters.show(sent.taskId)
      const { topic, partition, offset } = sent
      expect(letter).toMatchObject({
        state: 'open',
        reason: 'attempts-exhausted',
        attempts: 2,
        origin: { topic, partition, offset },
      })
      expect(firstFailure).toMatchObject({ message: 'depth 1 was reached', attempt: 1, code: 'RangeError' })
      expect(lastFailure).toMatchObject({ message: 'depth 2 was reached', attempt: 2, code: 'RangeError' })
      expect(lastFailure?.stack).toContain('dead-letter.test.ts')
      expect(lastFailure?.stack).toContain('reached')
      expect(payload).toMatchObject({ kind: 'decoded', value: { n: 7 } })
      expect(headerText(headers, 'x-from')).toBe('somewhere')
      const [end] = await fleet.ends(type)
      expect(end?.result.failure).toMatchObject({ message: 'depth 2 was reached', attempt: 2 })
    },
  )

  test('what a fixed agent is redriven succeeds in its second life, and none stays open', async () => {
    let isFixed = false
    const agent = defineAgent(type, {
      run: ({ n, note }) => {
        if (!isFixed) throw new TerminalError('not built yet')
        return { n: n + 1, note }
      },
    })
    await using fleet = await TestFleet.start(broker, [agent])
    await using _runner = await startRunner(fleet)
    const sent = await Promise.all(
      Array.from({ length: 10 }, (_, n) => fleet.send(type, work(n), n % 2 === 0 ? { key: `key-${n % 4}` } : {})),
    )
    await allEnded(fleet, type, sent)
    const letters = await fleet.fleet.deadLetters(type.type)
    expect(await letters.list()).toMatchObject({ open: 10, resolved: 0, groups: [{ open: 10 }] })
    isFixed = true
    expect((await letters.redrive({ all: true, by: 'test' })).counts).toMatchObject({
      redriven: 10,
      refused: 0,
      failed: 0,
    })
    await vi.waitFor(async () => expect(await fleet.ends(type)).toHaveLength(20), WAIT)
    const ends = countingEnds(await fleet.ends(type))
    const output = avroCodec(type.output, fleet.fleet.schemas)
    for (const { taskId, n } of sent) {
      expect(ends.get(`${taskId}/1`)).toMatchObject({ end: 'dead-lettered', reason: 'terminal' })
      const second = ends.get(`${taskId}/2`) as TaskResult
      expect(second).toMatchObject({ end: 'succeeded', attempts: 1, failure: null, mayHaveRun: false })
      expect(await output.decode(second.output as Buffer)).toMatchObject({ value: { n: n + 1 } })
    }
    expect(await letters.list()).toMatchObject({ open: 0, pending: 0, resolved: 10, groups: [] })
    const history = [...sent, ...(await fleet.ends(type)), ...(await fleet.letters(type))]
    assertKept(noLoss(history), exactLedger(history))
  })

  test('redriven twice at the same time, a dead letter runs once more', async () => {
    const journal = createJournal()
    const failing = workAgent(type, journal)
    await using fleet = await TestFleet.start(broker, [failing])
    await using other = await TestFleet.start(broker, [failing], { namespace: fleet.namespace })
    const sent = [
      await fleet.send(type, work(0, { terminal: 'never' })),
      await fleet.send(type, work(1, { terminal: 'never' })),
    ]
    {
      await using _runner = await startRunner(fleet, journal)
      await allEnded(fleet, type, sent)
    }
    const both = await Promise.all([fleet.fleet.deadLetters(type.type), other.fleet.deadLetters(type.type)])
    const reports = await Promise.all(both.map((letters) => letters.redrive({ all: true, by: 'test' })))
    expect(reports.map(({ counts }) => counts.redriven)).toEqual([2, 2])
    expect(await fleet.records(topicNames(type.type, fleet.namespace).tasks)).toHaveLength(6)
    await using _runner = await startRunner(fleet, journal)
    const last = await fleet.send(type, work(2))
    await vi.waitFor(async () => {
      const lives = countingEnds(await fleet.ends(type))
      for (const { taskId } of sent) expect(lives.get(`${taskId}/2`)?.end).toBe('dead-lettered')
      expect(lives.has(`${last.taskId}/1`)).toBe(true)
      expect((await fleet.fleet.lag()).every(({ partitions }) => partitions.every(({ lag }) => lag === 0))).toBe(true)
    }, WAIT)
    const secondLives = journal.of('started').filter(({ life }) => life === 2)
    expect(secondLives.map(({ taskId }) => taskId).toSorted()).toEqual(sent.map(({ taskId }) => taskId).toSorted())
    expect(await fleet.ends(type)).toHaveLength(5)
    assertKept(...everyPromise(await fleet.history(type, [...sent, last], journal)))
  })
})
