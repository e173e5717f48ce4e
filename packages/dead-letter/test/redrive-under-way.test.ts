import { HEADER, TowlineError } from '@towline/contracts'
import { beforeEach, describe, expect, test } from 'vitest'
import { DeadLetterWorld, names } from './dead-letter-world.ts'
import type { StoredRecord } from './memory-log.ts'

const ALL = { all: true, by: 'ana' }

let world: DeadLetterWorld

beforeEach(() => {
  world = new DeadLetterWorld()
})

function last(topic: string): StoredRecord {
  return world.log
    .records(topic)
    .toSorted((a, b) => a.timestampMs - b.timestampMs)
    .at(-1) as StoredRecord
}

/** Fails the sends to the tasks topic from the nth to the mth. */
function failSends(from: number, error: Error, to: number = Number.POSITIVE_INFINITY): void {
  let sends = 0
  world.log.onCall = (call) => {
    if (call !== `before send ${names.tasks}`) return
    sends += 1
    if (sends >= from && sends <= to) throw error
  }
}

describe('while a redrive runs', () => {
  test('it reports each letter that is settled', async () => {
    for (let n = 0; n < 4; n += 1) await world.die({ headers: n === 0 ? { [HEADER.life]: '3' } : {} })
    const seen: string[] = []
    await world.letters.redrive({
      ...ALL,
      onProgress: ({ done, total, counts }) => seen.push(`${done}/${total} ${counts.redriven}+${counts.refused}`),
    })
    expect(seen).toEqual(['1/4 0+1', '2/4 1+1', '3/4 2+1', '4/4 3+1'])
  })

  test('an error of the progress callback stops it, and nothing is left under way', async () => {
    for (let n = 0; n < 4; n += 1) await world.die()
    const onProgress = () => {
      throw new Error('the terminal is gone')
    }
    await expect(world.letters.redrive({ ...ALL, onProgress })).rejects.toThrow('the terminal is gone')
    const sent = world.livesOn(names.tasks).filter((life) => life.endsWith('/2')).length
    expect((await world.letters.list()).open).toBe(4 - sent)
  })

  test('an abort starts nothing more and says what is left', async () => {
    world.log.batchRecords = 1
    for (let n = 0; n < 6; n += 1) await world.die({ key: 'one' })
    const controller = new AbortController()
    const onProgress = ({ done }: { done: number }) => done === 2 && controller.abort()
    const report = await world.letters.redrive({ ...ALL, signal: controller.signal, onProgress })
    const { redriven } = report.counts
    expect(report.stoppedBy).toBe('signal')
    expect(redriven).toBeGreaterThanOrEqual(2)
    expect(redriven).toBeLessThan(6)
    expect(report.counts['not-attempted']).toBe(6 - redriven)
    expect(await world.letters.list()).toMatchObject({ open: 6 - redriven, resolved: redriven })
    expect(report.items).toHaveLength(6)
  })

  test('an abort waits for what was sent', async () => {
    await world.die()
    const acknowledged = Promise.withResolvers<void>()
    world.log.acknowledging = acknowledged.promise
    const controller = new AbortController()
    let settled = false
    const done = world.letters.redrive({ ...ALL, signal: controller.signal }).finally(() => (settled = true))
    while (world.log.records(names.tasks).length < 2) await new Promise(setImmediate)
    controller.abort()
    for (let turn = 0; turn < 5; turn += 1) await new Promise(setImmediate)
    expect(settled).toBe(false)
    acknowledged.resolve()
    // Nothing was left to stop.
    expect(await done).toMatchObject({ stoppedBy: null, counts: { redriven: 1, 'not-attempted': 0 } })
  })

  test('a cluster that stops acknowledging stops it; the rest stays open', async () => {
    world.log.batchRecords = 1
    for (let n = 0; n < 6; n += 1) await world.die({ key: 'one' })
    failSends(3, new TowlineError('TOWLINE_PUBLISH_FAILED', 'not acknowledged', { retriable: true }))
    const report = await world.letters.redrive(ALL)
    expect(report).toMatchObject({ stoppedBy: 'failure', counts: { redriven: 2 } })
    expect(report.counts.failed).toBeGreaterThanOrEqual(1)
    expect(report.counts.failed + report.counts['not-attempted']).toBe(4)
  })

  test('a letter that is refused for good does not stop the others', async () => {
    for (let n = 0; n < 3; n += 1) await world.die()
    failSends(2, new TowlineError('TOWLINE_PAYLOAD_TOO_LARGE', 'too large'), 2)
    const report = await world.letters.redrive(ALL)
    expect(report).toMatchObject({ stoppedBy: null, counts: { redriven: 2, failed: 1 } })
  })

  test('a letter that retention took since it was listed fails by itself', async () => {
    const [first, second] = [await world.die({ key: 'one' }), await world.die({ key: 'one' })]
    const partition = last(names.dlq).partition
    world.log.onCall = (call) => {
      if (call === 'before topicNames') world.log.trim(names.dlq, partition, 1)
    }
    expect(await world.letters.redrive(ALL)).toMatchObject({
      stoppedBy: null,
      items: [
        { taskId: first.taskId, outcome: { kind: 'failed', error: { code: 'TOWLINE_DEAD_LETTER_NOT_FOUND' } } },
        { taskId: second.taskId, outcome: { kind: 'redriven' } },
      ],
    })
  })

  test('retention that passes it half-way costs only what it took: nothing is started twice', async () => {
    world.log.batchRecords = 1
    const dead: string[] = []
    for (let n = 0; n < 5; n += 1) {
      dead.push((await world.die({ key: 'one' })).taskId)
      world.clock.advance(1)
    }
    const { partition } = last(names.dlq)
    const outOfRange = new TowlineError('TOWLINE_OFFSET_OUT_OF_RANGE', 'passed')
    let isSending = false
    let reads = 0
    world.log.onCall = (call) => {
      if (call === 'before topicNames') isSending = true
      if (!isSending || call !== `during read ${names.dlq}`) return
      reads += 1
      if (reads !== 2) return
      world.log.trim(names.dlq, partition, 4)
      throw outOfRange
    }
    const report = await world.letters.redrive(ALL)
    expect(report.items.map(({ taskId, outcome }) => [taskId, outcome.kind])).toEqual([
      [dead[0], 'redriven'],
      [dead[1], 'redriven'],
      [dead[2], 'failed'],
      [dead[3], 'failed'],
      [dead[4], 'redriven'],
    ])
    expect(report.stoppedBy).toBeNull()
    expect(world.log.records(names.tasks)).toHaveLength(5 + 3)
  })

  test('it reads what it needs, not what lies between', async () => {
    world.log.batchRecords = 500
    await world.die({ key: 'one' })
    for (let n = 0; n < 3_000; n += 1)
      world.log.append(names.dlq, { key: Buffer.from('one'), value: null, headers: {} })
    await world.die({ key: 'one' })
    await world.letters.list()
    world.log.reads.length = 0
    const report = await world.letters.redrive(ALL)
    expect(report.counts.redriven).toBe(2)
    const again = world.log.reads.filter(({ topic, records }) => topic === names.dlq && records < 3_000)
    expect(again.map(({ from, records }) => [from, records]).filter(([, records]) => records !== 0)).toEqual([
      [0, 1],
      [3_001, 1],
    ])
  })

  test('it keeps to its rate', async () => {
    for (let n = 0; n < 21; n += 1) await world.die()
    const startedMs = world.clock.monotonicMs()
    const done = world.letters.redrive({ ...ALL, rate: 10 })
    let settled = false
    void done.finally(() => (settled = true))
    while (!settled) {
      await new Promise(setImmediate)
      if (world.clock.pending > 0) world.clock.advance(10)
    }
    expect((await done).counts.redriven).toBe(21)
    expect(world.clock.monotonicMs() - startedMs).toBe(2_000)
  })
})
