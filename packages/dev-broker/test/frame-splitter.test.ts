import fc from 'fast-check'
import { expect, test } from 'vitest'
import { FrameSplitter, MAX_FRAME_BYTES } from '../src/net/frame-splitter.ts'
import { MalformedRequestError } from '../src/protocol/reader.ts'

function framed(body: Uint8Array): Buffer {
  const prefix = Buffer.alloc(4)
  prefix.writeInt32BE(body.length)
  return Buffer.concat([prefix, body])
}

test('gives the same frames however the stream is cut', () => {
  const bodies = fc.array(fc.uint8Array({ maxLength: 30 }), { maxLength: 8 })
  fc.assert(
    fc.property(bodies, fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1 }), (frames, cuts) => {
      const stream = Buffer.concat(frames.map(framed))
      const splitter = new FrameSplitter()
      const found: Buffer[] = []
      for (let at = 0, i = 0; at < stream.length; i++) {
        const size = cuts[i % cuts.length] ?? 1
        found.push(...splitter.push(stream.subarray(at, at + size)))
        at += size
      }
      expect(found.map((frame) => [...frame])).toEqual(frames.map((frame) => [...frame]))
    }),
  )
})

test.each([-1, MAX_FRAME_BYTES + 1, 0x7fffffff])('refuses a frame that claims %d bytes at its prefix', (length) => {
  const prefix = Buffer.alloc(4)
  prefix.writeInt32BE(length)
  expect(() => new FrameSplitter().push(prefix)).toThrow(MalformedRequestError)
})
