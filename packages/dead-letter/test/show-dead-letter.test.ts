import { HEADER } from '@towline/contracts'
import { beforeEach, describe, expect, test } from 'vitest'
import { DeadLetterWorld, keyedId } from './dead-letter-world.ts'

let world: DeadLetterWorld

beforeEach(() => {
  world = new DeadLetterWorld()
})

describe('what one dead letter says', () => {
  test('its payload by the schema it was written with, its true error with stack, where it began and its own headers', async () => {
    const headers = { 'content-type': 'application/avro', [HEADER.tenant]: 'acme' }
    const { record, taskId } = await world.die(
      { path: 'docs/a.md', key: 'customer-1', headers },
      world.failure('no such file'),
    )
    const detail = await world.letters.show(taskId)
    expect(detail).toMatchObject({
      letter: { taskId, life: 1, state: 'open', key: 'customer-1', tenant: 'acme', attempts: 1 },
      otherLives: [],
      resolutions: [],
      firstFailure: { message: 'no such file', attempt: 1 },
      lastFailure: { code: 'Error', message: 'no such file', stack: expect.stringContaining('agent.ts:1:1') },
      envelope: { origin: { topic: record.topic, partition: record.partition, offset: record.offset } },
      payload: { kind: 'decoded', value: { path: 'docs/a.md' }, schemaName: 'test.Input' },
    })
    expect(detail.value).toEqual(record.value)
    expect(Object.keys(detail.headers)).toEqual(['content-type'])
  })

  test('bytes that are not what their schema says are shown as such', async () => {
    const { record, taskId } = world.publish()
    const broken = { ...record, value: Buffer.from('not avro') }
    await world.kill({ record: broken, taskId }, 'undecodable')
    const detail = await world.letters.show(taskId)
    expect(detail.letter).toMatchObject({ reason: 'undecodable', state: 'pending' })
    expect(detail.payload).toMatchObject({
      kind: 'undecodable',
      failureMessage: expect.stringContaining('wire format'),
    })
    expect(detail.value?.toString()).toBe('not avro')
  })

  test('while the registry is out, all but the payload of a letter that is resolved', async () => {
    const { taskId } = await world.die()
    await world.letters.purge({ all: true, by: 'ana' })
    world.schemas.isOut = true
    const detail = await world.letters.show(taskId)
    expect(detail).toMatchObject({ letter: { state: 'resolved' }, lastFailure: { message: 'it broke' } })
    expect(detail.payload).toMatchObject({ kind: 'unavailable', message: expect.stringContaining('registry') })
  })

  test('while the registry is out, nothing wrong of one that is not: it throws', async () => {
    const { taskId } = await world.die()
    world.schemas.isOut = true
    await expect(world.letters.show(taskId)).rejects.toMatchObject({ code: 'TOWLINE_REGISTRY_UNAVAILABLE' })
  })

  test('every life of the task and every resolution, the latest life first shown', async () => {
    const { taskId } = await world.die()
    world.clock.advance(1)
    const { redriveId } = await world.letters.redrive({ all: true, by: 'ana', reason: 'fixed' })
    await world.die({ key: taskId, headers: { [HEADER.ceId]: taskId, [HEADER.life]: '2' } })
    world.clock.advance(1)
    await world.letters.purge({ all: true, by: 'ben' })
    const detail = await world.letters.show(taskId)
    expect(detail.letter).toMatchObject({ life: 2, state: 'resolved' })
    expect(detail.otherLives).toMatchObject([{ life: 1, state: 'resolved' }])
    expect(detail.resolutions).toMatchObject([
      { resolves: { life: 1 }, resolvedAs: 'redriven', by: 'ana', reason: 'fixed', redriveId },
      { resolves: { life: 2 }, resolvedAs: 'purged', by: 'ben' },
    ])
    expect((await world.letters.show(taskId, 1)).letter.life).toBe(1)
  })
})

describe('finding it', () => {
  test('by the beginning of its id, when only one begins so', async () => {
    const { taskId } = await world.die({ headers: { [HEADER.ceId]: keyedId('a') } })
    await world.die({ headers: { [HEADER.ceId]: keyedId('b') } })
    expect((await world.letters.show(taskId.slice(0, 8).toUpperCase())).letter.taskId).toBe(taskId)
  })

  test('a beginning that fits several is refused, and the error names them', async () => {
    await world.die()
    await world.die()
    const { entries } = await world.letters.list()
    await expect(world.letters.show(entries[0]?.taskId.slice(0, 8) ?? '')).rejects.toMatchObject({
      code: 'TOWLINE_OPTION_INVALID',
      message: expect.stringContaining(entries[1]?.taskId ?? 'none'),
    })
  })

  test.each([
    ['no such task', 'ffff', undefined],
    ['no such life', keyedId('a'), 2],
  ])('%s is not found', async (_what, id, life) => {
    await world.die({ headers: { [HEADER.ceId]: keyedId('a') } })
    await expect(world.letters.show(id, life)).rejects.toMatchObject({ code: 'TOWLINE_DEAD_LETTER_NOT_FOUND' })
  })
})
