import { frame, framedSchemaId, unframe } from '@towline/contracts'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { readVectors } from './vectors/read-vectors.ts'

interface FrameVectors {
  readonly frames: readonly { readonly schemaId: number; readonly bodyHex: string; readonly valueHex: string }[]
  readonly notFrames: readonly { readonly name: string; readonly valueHex: string }[]
}

const vectors = readVectors<FrameVectors>('frames')

describe('the Confluent wire format', () => {
  test.each(vectors.frames)('of schema $schemaId', ({ schemaId, bodyHex, valueHex }) => {
    const body = Buffer.from(bodyHex, 'hex')
    const value = Buffer.from(valueHex, 'hex')
    expect(frame(schemaId, body)).toEqual(value)
    expect(unframe(value)).toEqual({ schemaId, body })
  })

  test.each(vectors.notFrames)('is not read from $name', ({ valueHex }) => {
    const value = Buffer.from(valueHex, 'hex')
    expect([unframe(value), framedSchemaId(value)]).toEqual([null, null])
  })

  test('is read back, whatever the body', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 2 ** 32 - 1 }), fc.uint8Array(), (schemaId, body) => {
        expect(unframe(frame(schemaId, body))).toEqual({ schemaId, body: Buffer.from(body) })
      }),
    )
  })
})
