import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { avroSchema } from '@towline/contracts'
import avro from 'avsc'
import { expect, expectTypeOf, test } from 'vitest'
import { TOWLINE_TYPES, type TypesTarget, typesOf } from '../src/schemas/run-schemas.ts'
import { type Colour, KitchenSink } from './fixtures/kitchen-sink.ts'

const ROOT = join(import.meta.dirname, '../../..')

/** Compiled with these tests, so every kind of type is held to compile. `vitest run -u` writes it anew. */
const KITCHEN_SINK: TypesTarget = {
  schema: 'packages/cli/test/fixtures/kitchen-sink.avsc',
  out: 'packages/cli/test/fixtures/kitchen-sink.ts',
}

test.each(TOWLINE_TYPES)('$out is up to date (else run `npm run towline -- schemas types`)', async (target) => {
  expect(await readFile(join(ROOT, target.out), 'utf8')).toBe(await typesOf(ROOT, target))
})

test('every kind of type is written as it was', async () => {
  await expect(await typesOf(ROOT, KITCHEN_SINK)).toMatchFileSnapshot(join(ROOT, KITCHEN_SINK.out))
})

test.each([...TOWLINE_TYPES, KITCHEN_SINK])('$out carries its schema', async ({ schema, out }) => {
  const json: { name: string } = JSON.parse(await readFile(join(ROOT, schema), 'utf8'))
  const module: Record<string, unknown> = await import(join(ROOT, out))
  expect(module[json.name]).toEqual(avroSchema(json))
})

const sink: KitchenSink = {
  nothing: null,
  flag: true,
  small: 1,
  large: 2 ** 40,
  single: 0.5,
  twice: 0.25,
  raw: Buffer.from([1]),
  text: 'text',
  maybe: 'maybe',
  either: 7,
  list: [1, null],
  lists: [['a'], []],
  maybeList: [1],
  table: { 'not-a-name': 3 },
  colour: 'RED',
  digest: Buffer.from([1, 2, 3, 4]),
  again: null,
  parent: null,
  tap: { drips: false, twin: { drips: true, twin: null } },
  empty: {},
}

test('a value of the generated type is what avsc writes and reads', () => {
  const type = avro.Type.forSchema(JSON.parse(KitchenSink.text))
  const value: KitchenSink = { ...sink, parent: sink, either: 'text' }
  expect(JSON.parse(JSON.stringify(type.fromBuffer(type.toBuffer(value))))).toEqual(JSON.parse(JSON.stringify(value)))
})

test('types are as narrow as Avro allows', () => {
  expectTypeOf<KitchenSink['either']>().toEqualTypeOf<string | number | boolean>()
  expectTypeOf<KitchenSink['list']>().toEqualTypeOf<readonly (number | null)[]>()
  expectTypeOf<KitchenSink['maybeList']>().toEqualTypeOf<readonly number[] | null>()
  expectTypeOf<KitchenSink['again']>().toEqualTypeOf<Uint8Array | null>()
  expectTypeOf<Colour>().toEqualTypeOf<'RED' | 'GREEN'>()
})
