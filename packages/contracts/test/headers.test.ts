import { formatLife, HEADER, headerText, newTaskId, parseLife, userHeaders } from '@towline/contracts'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'

describe('headerText', () => {
  const headers = {
    bytes: Buffer.from('süß'),
    text: 'plain',
    nothing: null,
    twice: [Buffer.from('first'), Buffer.from('last')],
    'last is null': [Buffer.from('first'), null],
    none: [],
  }

  test.each([
    ['bytes', 'süß'],
    ['text', 'plain'],
    ['nothing', undefined],
    ['twice', 'last'],
    ['last is null', undefined],
    ['none', undefined],
    ['absent', undefined],
  ])('reads %s', (name, expected) => {
    expect(headerText(headers, name)).toBe(expected)
  })
})

describe('userHeaders', () => {
  test('keeps what is not ours, with its bytes, and nothing else', () => {
    const mine = {
      'x-request': Buffer.from([0xff, 0x00]),
      ce_type: 'order.created',
      tracestate: 'a=b',
      many: ['1', null],
      empty: null,
    }
    const ours = Object.fromEntries(Object.values(HEADER).map((name) => [name, 'x']))
    expect(Object.entries(userHeaders({ ...ours, ...mine, 'towline-of-a-later-version': '1' }))).toEqual(
      Object.entries(mine),
    )
  })

  test('takes a header for a header, whatever its name', () => {
    const headers = JSON.parse('{"__proto__":"a","constructor":"b"}') as Record<string, string>
    expect(Object.entries(userHeaders(headers))).toEqual([
      ['__proto__', 'a'],
      ['constructor', 'b'],
    ])
  })
})

describe('the life of a task as text', () => {
  test('is read back', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1 }), (life) => {
        const subject = { taskId: newTaskId(0), life }
        expect(parseLife(formatLife(subject))).toEqual(subject)
      }),
    )
  })

  test.each([
    '',
    '/',
    '018bcfe5-6800-70f4-8275-77b124391f26',
    '018bcfe5-6800-70f4-8275-77b124391f26/',
    '018bcfe5-6800-70f4-8275-77b124391f26/0',
    '018bcfe5-6800-70f4-8275-77b124391f26/1.5',
    '018bcfe5-6800-70f4-8275-77b124391f26/9007199254740993',
    'order-17/1',
  ])('%j is none', (text) => {
    expect(parseLife(text)).toBeNull()
  })
})

test('every header but the two of other standards begins with towline-', () => {
  const foreign = Object.values(HEADER).filter((name) => !name.startsWith('towline-'))
  expect(foreign).toEqual(['ce_id', 'traceparent'])
})
