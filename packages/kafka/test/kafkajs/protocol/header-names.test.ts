import fc from 'fast-check'
import { expect, test } from 'vitest'
import { headerName, headerNameIn } from '../../../src/kafkajs/protocol/header-names.ts'

test('whatever was read before, a name is what its bytes say, also where they are no UTF-8', () => {
  const name = fc.oneof(
    fc.constantFrom('ce_id', 'ce_ie', 'traceparent', 'towline-life').map((text) => Buffer.from(text)),
    fc.uint8Array({ maxLength: 70 }).map((bytes) => Buffer.from(bytes)),
  )
  fc.assert(
    fc.property(fc.array(fc.tuple(name, fc.nat(5))), (names) => {
      for (const [bytes, shift] of names) {
        const within = Buffer.concat([Buffer.alloc(shift, 0x61), bytes, Buffer.alloc(3, 0x62)])
        expect(headerNameIn(within, shift, shift + bytes.length)).toBe(bytes.toString('utf8'))
      }
    }),
  )
})

test('a name that ends beyond the bytes is as much of it as there is, and is not taken for a name later', () => {
  headerNameIn(Buffer.from('ce_time'), 0, 7)
  expect(headerNameIn(Buffer.from('ce_'), 0, 7)).toBe('ce_')
  expect(headerNameIn(Buffer.from(''), 0, 7)).toBe('')
  expect(headerNameIn(Buffer.from('ce_type'), 0, 7)).toBe('ce_type')
})

test('the bytes of a name are made once', () => {
  expect(headerName('traceparent')).toBe(headerName('traceparent'))
  expect(headerName('traceparent')).toEqual(Buffer.from('traceparent'))
})
