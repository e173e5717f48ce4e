// The dev registry under the client that Towline uses.
import { COMPATIBILITY, SchemaRegistry, SchemaType } from '@kafkajs/confluent-schema-registry'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { type DevRegistry, startRegistry } from '../src/registry/start-registry.ts'

let registry: DevRegistry
let client: SchemaRegistry

beforeEach(async () => {
  registry = await startRegistry({ port: 0 })
  client = new SchemaRegistry({ host: registry.url, retry: { retries: 0 } })
})

afterEach(() => registry.stop())

const avroText = (...fields: readonly object[]): { type: SchemaType.AVRO; schema: string } => ({
  type: SchemaType.AVRO,
  schema: JSON.stringify({ type: 'record', name: 'Ping', namespace: 'io.towline', fields }),
})
const v1 = avroText({ name: 'path', type: 'string' })
const v2 = avroText({ name: 'path', type: 'string' }, { name: 'size', type: ['null', 'long'], default: null })
const broken = avroText({ name: 'path', type: 'long' })

test('registers, encodes and decodes', async () => {
  const { id } = await client.register(v1, { subject: 'ping.tasks-value' })
  const decoder = new SchemaRegistry({ host: registry.url })
  expect(await decoder.decode(await client.encode(id, { path: 'README.md' }))).toEqual({ path: 'README.md' })
})

test('decodes what an older version wrote with a newer reader', async () => {
  const { id } = await client.register(v1, { subject: 'ping' })
  const readerSchema = JSON.parse(v2.schema)
  const framed = await client.encode(id, { path: 'a' })
  expect(await client.decode(framed, { [SchemaType.AVRO]: { readerSchema } })).toEqual({ path: 'a', size: null })
})

test('gives one id to one schema, in every subject and at every repetition', async () => {
  const { id } = await client.register(v1, { subject: 'a' })
  expect(await client.register(v1, { subject: 'a' })).toEqual({ id })
  await expect(client.getRegistryId('a', 2)).rejects.toMatchObject({ status: 404 })
  expect(await client.register(v1, { subject: 'b' })).toEqual({ id })
  expect((await client.register(v2, { subject: 'b' })).id).not.toBe(id)
})

test('takes a text that differs in white space or in the order of attributes for the same schema', async () => {
  const { id } = await client.register(v1, { subject: 'a' })
  const { type, ...rest } = JSON.parse(v1.schema)
  const reordered = JSON.stringify({ ...rest, type }, null, 2)
  expect(await client.getRegistryIdBySchema('a', { type: SchemaType.AVRO, schema: reordered })).toBe(id)
})

test('takes a text with another doc for another schema', async () => {
  const { id } = await client.register(v1, { subject: 'a' })
  const documented = avroText({ name: 'path', type: 'string', doc: 'Where.' })
  expect((await client.register(documented, { subject: 'a' })).id).not.toBe(id)
})

test('finds ids by version, by latest and by text', async () => {
  const first = await client.register(v1, { subject: 'topic/with space' })
  const second = await client.register(v2, { subject: 'topic/with space' })
  expect(await client.getRegistryId('topic/with space', 1)).toBe(first.id)
  expect(await client.getRegistryId('topic/with space', 'latest')).toBe(second.id)
  expect(await client.getLatestSchemaId('topic/with space')).toBe(second.id)
  expect(await client.getRegistryIdBySchema('topic/with space', v1)).toBe(first.id)
})

test('refuses what the level of the subject forbids, and keeps the subject as it was', async () => {
  const { id } = await client.register(v1, { subject: 'a', compatibility: COMPATIBILITY.FULL_TRANSITIVE })
  await expect(
    client.register(broken, { subject: 'a', compatibility: COMPATIBILITY.FULL_TRANSITIVE }),
  ).rejects.toMatchObject({ status: 409, message: expect.stringContaining('Ping.path') })
  expect(await client.getLatestSchemaId('a')).toBe(id)
  await expect(client.getRegistryIdBySchema('a', broken)).rejects.toThrow(/Schema not found/)
})

test('takes anything at level NONE', async () => {
  await client.register(v1, { subject: 'a', compatibility: COMPATIBILITY.NONE })
  const { id } = await client.register(broken, { subject: 'a', compatibility: COMPATIBILITY.NONE })
  expect(await client.getLatestSchemaId('a')).toBe(id)
})

test('refuses a level it would not enforce', async () => {
  await expect(client.register(v1, { subject: 'a', compatibility: COMPATIBILITY.FORWARD })).rejects.toMatchObject({
    status: 422,
  })
})

test('answers 404 for an id nobody registered', async () => {
  await expect(client.decode(Buffer.from([0, 0, 0, 0, 99, 0]))).rejects.toMatchObject({ status: 404 })
})
