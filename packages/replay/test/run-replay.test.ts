import { HEADER, partitionFor, TowlineError } from '@towline/contracts'
import { createRecordSender, outgoingBytes } from '@towline/kafka'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  abortReplay,
  parseRangeBounds,
  type ReplayPorts,
  type ReplayProgress,
  type ReplayResult,
  type RunReplayOptions,
  replayStatus,
  resumeReplay,
  runReplay,
  savePlan,
} from '../src/index.ts'
import { REPLAY, ReplayWorld, TASKS } from './replay-world.ts'

function seededWorld(count = 60): ReplayWorld {
  const world = new ReplayWorld()
  const keyOf = (index: number): string => `key-${index % 5}`
  world.seed(count, (index) => ({ partition: partitionFor(Buffer.from(keyOf(index)), 3), key: keyOf(index) }))
  return world
}

async function run(world: ReplayWorld, request = {}, options: RunReplayOptions = {}): Promise<ReplayResult> {
  const plan = await world.plan(request)
  return await world.clock.until(runReplay(plan, world.ports(), options))
}

test('sends every record of the range once, as a new task of the replay, where its key belongs', async () => {
  const world = seededWorld()
  const plan = await world.plan()
  const result = await world.clock.until(runReplay(plan, world.ports()))
  expect(result).toMatchObject({ end: 'finished', replayId: plan.replayId, records: 60, sent: 60, lost: 0 })
  expect(world.sentIds()).toEqual(world.expectedIds(plan))
  for (const record of world.cluster.records(REPLAY)) {
    expect(String(record.headers[HEADER.replay])).toBe(plan.replayId)
    expect(record.partition).toBe(partitionFor(record.key as Buffer, 3))
  }
})

test('keeps the order of every key', async () => {
  const world = seededWorld()
  await run(world)
  for (const key of ['key-0', 'key-1', 'key-2', 'key-3', 'key-4']) {
    const values = (topic: string): string[] =>
      world.cluster
        .records(topic)
        .filter((record) => String(record.key) === key)
        .map(({ value }) => String(value))
    expect(values(REPLAY)).toEqual(values(TASKS))
  }
})

test('sends exactly what the dry run counted, per partition, for any log and selection', async () => {
  const record = fc.record({
    partition: fc.nat(2),
    key: fc.constantFrom('a', 'b', null),
    gap: fc.constantFrom(0, 0, 1, 5),
    timestampMs: fc.nat(30),
  })
  await fc.assert(
    fc.asyncProperty(
      fc.array(record, { minLength: 1, maxLength: 50 }),
      fc.record({
        key: fc.option(fc.constantFrom('a', 'b'), { nil: undefined }),
        max: fc.option(fc.integer({ min: 1, max: 30 }), { nil: undefined }),
      }),
      fc.nat(3),
      async (records, request, trailingGap) => {
        const world = new ReplayWorld()
        world.cluster.append(TASKS, ...records)
        world.cluster.appendGap(TASKS, 0, trailingGap)
        const plan = await world.plan(request)
        const counts = await world.dryRun(plan)
        const result = await world.clock.until(runReplay(plan, world.ports()))
        expect(result).toMatchObject({ end: 'finished', records: counts.records })
        expect(world.sentIds()).toEqual(world.expectedIds(plan))
        const status = await replayStatus(plan, { admin: world.cluster.admin() })
        expect(status?.partitions.map(({ partition, records }) => [partition, records])).toEqual(
          counts.partitions.map(({ partition, records }) => [partition, records]),
        )
      },
    ),
    { numRuns: 50 },
  )
})

test('goes into the tasks themselves on request, and does not replay what it appends there', async () => {
  const world = seededWorld()
  const plan = await world.plan({ toTopic: TASKS })
  await world.clock.until(runReplay(plan, world.ports()))
  expect(world.cluster.records(TASKS)).toHaveLength(120)
  expect(world.cluster.records(REPLAY)).toHaveLength(0)
})

test('a replay of a replay names the replayed task as parent', async () => {
  const world = seededWorld(6)
  const first = await world.plan()
  await world.clock.until(runReplay(first, world.ports()))
  const second = await world.plan({ source: REPLAY, toTopic: TASKS })
  await world.clock.until(runReplay(second, world.ports()))
  const replayedTwice = world.cluster.records(TASKS).filter(({ headers }) => headers[HEADER.replay] !== undefined)
  expect(replayedTwice.map(({ headers }) => String(headers[HEADER.parent])).sort()).toEqual(world.sentIds(REPLAY))
})

describe('rate', () => {
  test('is kept within 5 % over a run, under any pace of the brokers that allows it', async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 5, max: 3_000 }), fc.nat(30), async (ratePerSecond, ackMs) => {
        const world = seededWorld(200)
        world.ackMs = ackMs
        const startMs = world.clock.nowMs()
        const { records } = await run(world, { ratePerSecond }, { checkpointIntervalMs: 50 })
        const sentAtMs = world.cluster.records(REPLAY).map(({ timestampMs }) => timestampMs)
        const lastMs = Math.max(...sentAtMs) - startMs
        const idealMs = ((records - 1) * 1_000) / ratePerSecond
        expect(lastMs).toBeGreaterThanOrEqual(idealMs * 0.95)
        expect(lastMs).toBeLessThanOrEqual(idealMs * 1.05 + 2 * ackMs + 2)
      }),
      { numRuns: 25 },
    )
  })

  test('can be changed for a resume', async () => {
    const world = seededWorld()
    const plan = await world.plan({ ratePerSecond: 1 })
    await savePlan(plan, world.ports())
    const startMs = world.clock.monotonicMs()
    await world.clock.until(resumeReplay(plan, world.ports(), { ratePerSecond: null }))
    expect(world.clock.monotonicMs() - startMs).toBeLessThan(1_000)
  })
})

describe('bounds', () => {
  test('never has more on its way than allowed, headers included, and a record above the bound in bytes goes alone', async () => {
    const world = new ReplayWorld(3)
    world.seed(50, (index) => ({ partition: index % 3, value: 'x'.repeat(index === 20 ? 5_000 : 100) }))
    let inFlight = 0
    let most = 0
    let mostBytes = 0
    let bytes = 0
    const ports = world.ports()
    const plan = await world.plan()
    const sender: typeof ports.sender = {
      send: async (target, record, guard) => {
        inFlight += 1
        bytes += outgoingBytes(record)
        most = Math.max(most, inFlight)
        if (inFlight > 1) mostBytes = Math.max(mostBytes, bytes)
        try {
          return await ports.sender.send(target, record, guard)
        } finally {
          inFlight -= 1
          bytes -= outgoingBytes(record)
        }
      },
    }
    const options = { maxInFlight: 4, maxInFlightBytes: 1_600 }
    const result = await world.clock.until(runReplay(plan, { ...ports, sender }, options))
    expect(result.records).toBe(50)
    expect(most).toBe(3)
    expect(mostBytes).toBeLessThanOrEqual(1_600)
  })

  test('R3: never has more records beyond the confirmed checkpoint than a runner remembers', async () => {
    const world = seededWorld(400)
    const plan = await world.plan()
    const ports = world.ports()
    let savedRecords = 0
    let mostBeyond = 0
    const ahead = (): number => world.cluster.records(REPLAY).length - savedRecords
    const admin: typeof ports.admin = {
      ...ports.admin,
      commitNote: async (groupId, entries) => {
        mostBeyond = Math.max(mostBeyond, ahead())
        await new Promise<void>((resolve) => world.clock.after(20, resolve))
        mostBeyond = Math.max(mostBeyond, ahead())
        await ports.admin.commitNote(groupId, entries)
        const stored = [...world.cluster.committed(groupId).values()]
        savedRecords = stored.reduce(
          (sum, { metadata }) => sum + (JSON.parse(metadata) as { records: number }).records,
          0,
        )
      },
    }
    await world.clock.until(runReplay(plan, { ...ports, admin }, { maxRepeats: 30 }))
    expect(world.sentIds()).toEqual(world.expectedIds(plan))
    expect(mostBeyond).toBeGreaterThan(10)
    expect(mostBeyond).toBeLessThanOrEqual(30)
  })

  test('a full window brings the checkpoint forward instead of waiting for the interval', async () => {
    const world = seededWorld(400)
    const startMs = world.clock.monotonicMs()
    await run(world, {}, { maxRepeats: 30, checkpointIntervalMs: 60_000 })
    expect(world.clock.monotonicMs() - startMs).toBeLessThan(1_000)
  })

  test('a search that finds nothing for long still moves its checkpoint', async () => {
    const world = new ReplayWorld(1)
    world.seed(200, (index) => ({ partition: 0, key: index === 199 ? 'wanted' : 'other' }))
    const plan = await world.plan({ key: 'wanted' })
    const ports = world.ports()
    const slowReader: typeof ports.reader = {
      async *read(request) {
        for await (const batch of ports.reader.read(request)) {
          await new Promise<void>((resolve) => world.clock.after(100, resolve))
          yield batch
        }
      },
    }
    let offsetsMidway = 0
    world.clock.after(1_500, () => {
      const [committed] = world.cluster.committed(`towline.replay.${plan.replayId}`).values()
      offsetsMidway = committed?.next ?? 0
    })
    await world.clock.until(runReplay(plan, { ...ports, reader: slowReader }))
    expect(offsetsMidway).toBeGreaterThan(70)
    expect(offsetsMidway).toBeLessThan(110)
  })

  test.each([
    ['maxInFlight', 0],
    ['maxInFlightBytes', 0],
    ['maxRepeats', 10_001],
    ['checkpointIntervalMs', -1],
    ['ratePerSecond', 0],
  ])('%s of %i is refused', async (option, value) => {
    const world = seededWorld(5)
    const refused = runReplay(await world.plan(), world.ports(), { [option]: value })
    await expect(refused).rejects.toMatchObject({ code: 'TOWLINE_OPTION_INVALID', value })
  })
})

describe('progress', () => {
  test('rises to the whole, with the total a dry run counted, its rate and the time left', async () => {
    const world = seededWorld()
    const told: ReplayProgress[] = []
    const options = { expectedRecords: 60, onProgress: (progress: ReplayProgress) => told.push(progress) }
    await run(world, { ratePerSecond: 20 }, options)
    expect(told.length).toBeGreaterThan(8)
    expect(told.map(({ records }) => records)).toEqual(told.map(({ records }) => records).toSorted((a, b) => a - b))
    const middle = told[Math.floor(told.length / 2)] as ReplayProgress
    expect(middle.totalRecords).toBe(60)
    expect(middle.recordsPerSecond).toBeGreaterThan(18)
    expect(middle.recordsPerSecond).toBeLessThan(23)
    expect(middle.etaMs).toBeGreaterThan(((60 - middle.records) / 20) * 1_000 * 0.85)
    expect(middle.etaMs).toBeLessThan(((60 - middle.records) / 20) * 1_000 * 1.15)
    expect(told.at(-1)).toMatchObject({ records: 60, offsets: 60, totalOffsets: 60, etaMs: 0 })
  })

  test('of a search that finds little goes by what was read', async () => {
    const world = new ReplayWorld(1)
    world.seed(100, (index) => ({ partition: 0, key: index === 99 ? 'wanted' : 'other' }))
    const told: ReplayProgress[] = []
    await run(world, { key: 'wanted' }, { onProgress: (progress) => told.push(progress) })
    expect(told.at(-1)).toMatchObject({ records: 1, totalRecords: null, offsets: 100, totalOffsets: 100 })
  })
})

describe('a stop', () => {
  test('by the signal ends at a checkpoint, and a resume sends only the rest', async () => {
    const world = seededWorld()
    const plan = await world.plan({ ratePerSecond: 20 })
    const abort = new AbortController()
    world.clock.after(1_000, () => abort.abort())
    const stopped = await world.clock.until(runReplay(plan, world.ports(), { signal: abort.signal }))
    expect(stopped.end).toBe('stopped')
    expect(stopped.records).toBeGreaterThan(15)
    expect(stopped.records).toBeLessThan(25)
    const status = await replayStatus(plan, { admin: world.cluster.admin() })
    expect(status).toMatchObject({ state: 'started', records: stopped.records })
    const ref = { replayId: plan.replayId, agentType: 'digest' }
    const resumed = await world.clock.until(resumeReplay(ref, world.ports()))
    expect(resumed).toMatchObject({ end: 'finished', records: 60, sent: 60 - stopped.records })
    expect(world.sentIds()).toEqual(world.expectedIds(plan))
  })

  test('before the first record sends nothing', async () => {
    const world = seededWorld()
    const result = await run(world, {}, { signal: AbortSignal.abort() })
    expect(result).toMatchObject({ end: 'stopped', records: 0 })
    expect(world.sentIds()).toEqual([])
  })

  test('by an abort from elsewhere ends within two seconds, and does not bring the checkpoint back', async () => {
    const world = seededWorld()
    const plan = await world.plan({ ratePerSecond: 10 })
    let abortedAtMs = 0
    let aborted: Promise<unknown> = Promise.resolve()
    world.clock.after(2_000, () => {
      abortedAtMs = world.clock.monotonicMs()
      aborted = abortReplay(plan, { admin: world.cluster.admin(), clock: world.clock })
    })
    const result = await world.clock.until(runReplay(plan, world.ports()))
    expect(result.end).toBe('aborted')
    expect(world.clock.monotonicMs() - abortedAtMs).toBeLessThan(2_000)
    expect(await world.clock.until(aborted)).toMatchObject({ state: 'started', plan })
    expect(await replayStatus(plan, { admin: world.cluster.admin() })).toBeNull()
    await expect(resumeReplay(plan, world.ports())).rejects.toMatchObject({ code: 'TOWLINE_REPLAY_NOT_FOUND' })
  })
})

describe('a finished replay', () => {
  test('says so in its group, with every partition at the end of its range', async () => {
    const world = seededWorld()
    const plan = await world.plan()
    await world.clock.until(runReplay(plan, world.ports()))
    const group = world.cluster.committed(`towline.replay.${plan.replayId}`)
    for (const { partition, to } of plan.partitions) {
      const committed = group.get(`${TASKS}/${partition}`)
      expect(committed?.next).toBe(to)
      expect(JSON.parse(committed?.metadata ?? '')).toMatchObject({ v: 1, state: 'finished' })
    }
    expect(group.size).toBe(plan.partitions.length)
  })

  test('sends nothing when it is run or resumed again', async () => {
    const world = seededWorld()
    const plan = await world.plan()
    await world.clock.until(runReplay(plan, world.ports()))
    const before = await replayStatus(plan, { admin: world.cluster.admin() })
    world.clock.jump(5_000)
    expect(await runReplay(plan, world.ports())).toMatchObject({ end: 'finished', records: 60, sent: 0 })
    expect(await replayStatus(plan, { admin: world.cluster.admin() })).toEqual(before)
    expect(await resumeReplay(plan, world.ports())).toMatchObject({ end: 'finished', records: 60, sent: 0 })
    expect(world.sentIds()).toHaveLength(60)
  })
})

describe('when retention took part of the range since the plan', () => {
  test('the run fails before it sends anything, and says which offsets are gone', async () => {
    const world = seededWorld()
    const plan = await world.plan({ from: parseRangeBounds('2', '--from') })
    const [range] = plan.partitions
    world.cluster.deleteBelow(TASKS, range?.partition ?? 0, 6)
    await expect(world.clock.until(runReplay(plan, world.ports()))).rejects.toMatchObject({
      code: 'TOWLINE_OFFSET_OUT_OF_RANGE',
      losses: [{ partition: range?.partition, from: 2, to: 6 }],
    })
    expect(world.sentIds()).toEqual([])
    const resumed = await world.clock.until(resumeReplay(plan, world.ports(), { skipLost: true }))
    expect(resumed).toMatchObject({ end: 'finished', lost: 4 })
    expect(world.sentIds()).toEqual(world.expectedIds(plan))
  })

  test('skipLost goes on with what is left, and the loss stays on record', async () => {
    const world = seededWorld()
    const plan = await world.plan()
    world.cluster.deleteBelow(TASKS, 0, 4)
    const result = await world.clock.until(runReplay(plan, world.ports(), { skipLost: true }))
    expect(result).toMatchObject({ end: 'finished', lost: 4 })
    expect(world.sentIds()).toEqual(world.expectedIds(plan))
    expect(await replayStatus(plan, { admin: world.cluster.admin() })).toMatchObject({ state: 'finished', lost: 4 })
  })

  test('while it runs, what was sent stands, the rest is told, and skipLost goes on from there', async () => {
    const world = seededWorld(120)
    const plan = await world.plan({ ratePerSecond: 20 })
    world.clock.after(1_000, () => world.cluster.deleteBelow(TASKS, 1, 20))
    const failed: unknown = await world.clock.until(runReplay(plan, world.ports())).catch((thrown: unknown) => thrown)
    expect(failed).toMatchObject({ code: 'TOWLINE_OFFSET_OUT_OF_RANGE', losses: [{ partition: 1, to: 20 }] })
    const resumed = await world.clock.until(resumeReplay(plan, world.ports(), { ratePerSecond: null, skipLost: true }))
    expect(resumed.end).toBe('finished')
    expect(resumed.records + resumed.lost).toBe(120)
    expect(new Set(world.sentIds()).size).toBe(world.sentIds().length)
    expect(world.sentIds()).toHaveLength(resumed.records)
  })

  test('a log that ends before its planned range is another log, and skipLost does not help', async () => {
    const world = seededWorld()
    const plan = await world.plan()
    world.cluster.create(TASKS, 3)
    await expect(world.clock.until(runReplay(plan, world.ports(), { skipLost: true }))).rejects.toMatchObject({
      code: 'TOWLINE_OFFSET_OUT_OF_RANGE',
      message: expect.stringContaining('not the log that was planned'),
    })
    expect(world.sentIds()).toEqual([])
  })
})

describe('a record that the target refuses', () => {
  function refusing(world: ReplayWorld, value: string, error: Error): ReplayPorts {
    const ports = world.ports()
    const send: ReplayPorts['sender']['send'] = (target, record, guard) =>
      String(record.value) === value ? Promise.reject(error) : ports.sender.send(target, record, guard)
    return { ...ports, sender: { send } }
  }

  test('fails the run; what was sent before it stands, and a resume completes the rest', async () => {
    const world = seededWorld()
    const plan = await world.plan()
    const refusal = new Error('refused')
    await expect(world.clock.until(runReplay(plan, refusing(world, 'task 30', refusal)))).rejects.toBe(refusal)
    expect(world.cluster.records(REPLAY).map(({ value }) => String(value))).not.toContain('task 30')
    expect(await replayStatus(plan, { admin: world.cluster.admin() })).toMatchObject({ state: 'started' })
    expect((await world.clock.until(resumeReplay(plan, world.ports()))).records).toBe(60)
    expect([...new Set(world.sentIds())]).toEqual(world.expectedIds(plan))
  })

  test('R4: holds back what waits behind it, so that a resume keeps the order of its key', async () => {
    const world = new ReplayWorld(1)
    world.seed(40, () => ({ partition: 0, key: 'k' }))
    const producer = world.producer()
    const send: typeof producer.send = async (batches) => {
      const values = batches.flatMap(({ records }) => records.map(({ value }) => String(value)))
      if (!values.includes('task 10')) return await producer.send(batches)
      return batches.map(() => ({ kind: 'refused', error: new Error('refused') }))
    }
    const ports = { ...world.ports(), sender: createRecordSender({ ...producer, send }, { ...world, batchRecords: 4 }) }
    const plan = await world.plan()
    await expect(world.clock.until(runReplay(plan, ports))).rejects.toMatchObject({ code: 'TOWLINE_PUBLISH_FAILED' })
    const sent = world.cluster.records(REPLAY).map(({ value }) => String(value))
    expect(sent).toEqual(Array.from({ length: sent.length }, (_, index) => `task ${index}`))
    expect(sent.length).toBeGreaterThan(4)
    expect(sent.length).toBeLessThanOrEqual(10)
  })

  test('for its size is named by its position', async () => {
    const world = seededWorld()
    const refusal = new TowlineError('TOWLINE_PAYLOAD_TOO_LARGE', 'larger than 1 MiB', { bound: 1_048_576 })
    const refused = world.clock.until(runReplay(await world.plan(), refusing(world, 'task 0', refusal)))
    const partition = partitionFor(Buffer.from('key-0'), 3)
    await expect(refused).rejects.toMatchObject({
      code: 'TOWLINE_PAYLOAD_TOO_LARGE',
      value: `${TASKS}/${partition}/0`,
      bound: 1_048_576,
    })
  })
})

test('a progress listener that throws fails the run with its error', async () => {
  const world = seededWorld()
  const onProgress = (): never => {
    throw new Error('the terminal is gone')
  }
  const running = runReplay(await world.plan({ ratePerSecond: 20 }), world.ports(), { onProgress })
  await expect(world.clock.until(running)).rejects.toThrow('the terminal is gone')
})
