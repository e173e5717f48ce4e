import { partitionFor, TowlineError } from '@towline/contracts'
import { createRecordSender } from '@towline/kafka'
import { describe, expect, test } from 'vitest'
import { type ReplayPorts, replayStatus, resumeReplay, runReplay } from '../src/index.ts'
import { REPLAY, ReplayWorld, seededWorld, TASKS } from './replay-world.ts'

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
