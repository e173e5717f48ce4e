import { readFileSync } from 'node:fs'
import { decodeGroupMarker, encodeGroupMarker, type GroupMarker, groupMarkerKey } from '@towline/contracts'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'

const count = fc.nat({ max: Number.MAX_SAFE_INTEGER })
const markers: fc.Arbitrary<GroupMarker> = fc.record({
  atMs: count,
  by: fc.string(),
  finished: fc.option(fc.record({ offset: count, timestampMs: count, hash: fc.nat({ max: 0xffff_ffff }) })),
  restored: fc.option(fc.record({ atMs: count, by: fc.string(), reason: fc.option(fc.string()), offset: count })),
})

describe('the marker of a group', () => {
  test('comes out as it went in', () => {
    fc.assert(
      fc.property(markers, (marker) => {
        expect(decodeGroupMarker(encodeGroupMarker(marker))).toEqual(marker)
      }),
    )
  })

  test('is what docs/wire.md shows', () => {
    const page = readFileSync(new URL('../../../docs/wire.md', import.meta.url), 'utf8')
    const section = page.slice(page.indexOf('### Markers'))
    const json = /```json\n(.*?)```/s.exec(section)?.[1] ?? ''
    const marker = decodeGroupMarker(Buffer.from(json))
    expect(marker).toEqual({
      atMs: 1_767_225_600_000,
      by: 'runner-1',
      finished: { offset: 41, timestampMs: 1_767_225_599_120, hash: 4_261_442_666 },
      restored: null,
    })
    expect(JSON.parse(String(encodeGroupMarker(marker as GroupMarker)))).toEqual(JSON.parse(json))
    expect(groupMarkerKey('towline.digest.tasks', { topic: 'digest.tasks', partition: 3 })).toBe(
      'towline.digest.tasks/digest.tasks/3',
    )
  })

  test.each([
    ['nothing', null],
    ['no JSON', '{'],
    ['another thing', '[]'],
    ['another version', '{"version":2,"atMs":1,"by":"a"}'],
    ['no author', '{"version":1,"atMs":1}'],
    ['no time', '{"version":1,"by":"a","atMs":-1}'],
  ])('is not read out of %s', (_, text) => {
    expect(decodeGroupMarker(text === null ? null : Buffer.from(text))).toBeNull()
  })

  test('stands without parts that cannot be read: what is left still says that offsets were lost', () => {
    const value = Buffer.from('{"version":1,"atMs":1,"by":"a","finished":{"offset":"x"},"restored":7,"more":true}')
    expect(decodeGroupMarker(value)).toEqual({ atMs: 1, by: 'a', finished: null, restored: null })
  })
})
