import { crc32c } from '@towline/contracts'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { readVectors } from './vectors/read-vectors.ts'

// Computed bit by bit in Python.
const vectors = readVectors<{ readonly text: string; readonly crc32c: number }[]>('crc32c')

test.each(vectors)('crc32c of $text', ({ text, crc32c: expected }) => {
  expect(crc32c(Buffer.from(text))).toBe(expected)
})

// https://datatracker.ietf.org/doc/html/rfc3720#appendix-B.4
test.each([
  ['32 bytes of zeroes', Buffer.alloc(32), 0x8a9136aa],
  ['32 bytes of ones', Buffer.alloc(32, 0xff), 0x62a8ab43],
  ['32 incrementing bytes', Buffer.from(Array.from({ length: 32 }, (_, i) => i)), 0x46dd794e],
  ['32 decrementing bytes', Buffer.from(Array.from({ length: 32 }, (_, i) => 31 - i)), 0x113fdb5c],
])('crc32c of %s as in RFC 3720', (_name, bytes, expected) => {
  expect(crc32c(bytes)).toBe(expected)
})

test('parts give the checksum of the whole, wherever it is cut', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 100 }), fc.nat(100), fc.nat(100), (bytes, a, b) => {
      const [first, second] = a < b ? [a, b] : [b, a]
      expect(crc32c(bytes.subarray(0, first), bytes.subarray(first, second), bytes.subarray(second))).toBe(
        crc32c(bytes),
      )
    }),
  )
})
