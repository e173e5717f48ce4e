import {
  ID_NAMESPACE,
  idOfChild,
  idOfKey,
  idOfRecord,
  idOfReplay,
  isTaskId,
  newTaskId,
  taskIdTimeMs,
} from '@towline/contracts'
import fc from 'fast-check'
import { v5 } from 'uuid'
import { describe, expect, test } from 'vitest'
import { readVectors } from './vectors/read-vectors.ts'

interface IdVectors {
  readonly record: readonly {
    readonly topic: string
    readonly partition: number
    readonly offset: number
    readonly id: string
  }[]
  readonly key: readonly {
    readonly agent: string
    readonly tenant: string | null
    readonly idempotencyKey: string
    readonly id: string
  }[]
  readonly child: readonly { readonly parent: string; readonly nameOrOrdinal: string | number; readonly id: string }[]
  readonly replay: readonly {
    readonly replayId: string
    readonly topic: string
    readonly partition: number
    readonly offset: number
    readonly id: string
  }[]
}

// Computed with Python's uuid.uuid5.
const vectors = readVectors<IdVectors>('ids')

describe('new task ids', () => {
  test('hold the time they were made at', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 2 ** 48 - 1 }), (nowMs) => {
        const id = newTaskId(nowMs)
        expect(isTaskId(id)).toBe(true)
        expect(taskIdTimeMs(id)).toBe(nowMs)
      }),
    )
  })

  test('differ within one millisecond', () => {
    const ids = Array.from({ length: 10_000 }, () => newTaskId(1_700_000_000_000))
    expect(new Set(ids).size).toBe(ids.length)
  })

  test('of the system clock ascend in the order they were made', () => {
    const ids = Array.from({ length: 1_000 }, () => newTaskId())
    expect(ids.toSorted()).toEqual(ids)
  })
})

describe('deterministic ids', () => {
  test.each(vectors.record)('of the record $topic/$partition/$offset', ({ topic, partition, offset, id }) => {
    expect(idOfRecord(topic, partition, offset)).toBe(id)
  })

  test.each(vectors.key)(
    'of the idempotency key $idempotencyKey of $agent, tenant $tenant',
    ({ agent, tenant, idempotencyKey, id }) => {
      expect(idOfKey(agent, tenant ?? undefined, idempotencyKey)).toBe(id)
    },
  )

  test.each(vectors.child)('of child $nameOrOrdinal', ({ parent, nameOrOrdinal, id }) => {
    expect(idOfChild(parent, nameOrOrdinal)).toBe(id)
  })

  test.each(vectors.replay)(
    'of the replay of $topic/$partition/$offset',
    ({ replayId, topic, partition, offset, id }) => {
      expect(idOfReplay(replayId, topic, partition, offset)).toBe(id)
    },
  )

  test('are UUIDv5 of a JSON list, whatever text it holds', () => {
    const text = fc.string({ unit: 'binary' })
    fc.assert(
      fc.property(text, text, fc.nat(), fc.nat(), (replayId, topic, partition, offset) => {
        const name = JSON.stringify(['replay', replayId, topic, String(partition), String(offset)])
        expect(idOfReplay(replayId, topic, partition, offset)).toBe(v5(Buffer.from(name), ID_NAMESPACE))
      }),
    )
  })

  test('are task ids without a time', () => {
    const id = idOfRecord('digest.tasks', 0, 0)
    expect(isTaskId(id)).toBe(true)
    expect(taskIdTimeMs(id)).toBeNull()
  })

  test('differ where parts are split differently', () => {
    const parts = fc.tuple(fc.string({ unit: 'binary' }), fc.string({ unit: 'binary' }))
    fc.assert(
      fc.property(parts, parts, (a, b) => {
        const same = a[0] === b[0] && a[1] === b[1]
        expect(idOfKey('digest', ...a) === idOfKey('digest', ...b)).toBe(same)
      }),
    )
    expect(idOfKey('digest', 'ab', 'c')).not.toBe(idOfKey('digest', 'a', 'bc'))
    expect(idOfKey('digest', '","', '')).not.toBe(idOfKey('digest', '', '","'))
  })

  test('exist for text with an unpaired surrogate too', () => {
    expect(isTaskId(idOfKey('digest', '\ud800', 'k'))).toBe(true)
  })
})

describe('isTaskId', () => {
  test.each([
    '',
    'order-17',
    '018BCFE5-6800-70F4-8275-77B124391F26',
    '{018bcfe5-6800-70f4-8275-77b124391f26}',
    '018bcfe5680070f4827577b124391f26',
    '018bcfe5-6800-70f4-8275-77b124391f26\n',
    '018bcfe5-6800-00f4-8275-77b124391f26',
    '018bcfe5-6800-70f4-c275-77b124391f26',
  ])('refuses %j', (text) => {
    expect(isTaskId(text)).toBe(false)
    expect(taskIdTimeMs(text)).toBeNull()
  })
})
