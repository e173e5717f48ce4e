import { outgoingBytes } from '@towline/kafka'
import { describe, expect, test } from 'vitest'
import { runReplay } from '../src/index.ts'
import { REPLAY, ReplayWorld, seededWorld } from './replay-world.ts'

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
        const stored = [...world.cluster.committed(`towline.replay.${plan.replayId}`).values()]
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
    const options = { maxRepeats: 30, checkpointIntervalMs: 60_000 }
    await world.clock.until(runReplay(await world.plan(), world.ports(), options))
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
