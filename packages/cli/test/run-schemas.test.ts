import { mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type DevRegistry, startRegistry } from '@towline/dev-broker'
import { createSchemaRegistry, type RegistryClient } from '@towline/kafka'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import {
  readSchemaFiles,
  runSchemasCheck,
  runSchemasPush,
  runSchemasTypes,
  typesTargets,
} from '../src/schemas/run-schemas.ts'

const text = (...fields: readonly object[]): string => JSON.stringify({ type: 'record', name: 'Ping', fields })
const v1 = text({ name: 'a', type: 'int' })
const v2 = text({ name: 'a', type: 'int' }, { name: 'b', type: ['null', 'int'], default: null })

let folder: string

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'towline-schemas-'))
  await mkdir(join(folder, 'history'))
  await write('ping.avsc', v2)
  await write('history/ping.1.avsc', v1)
  await write('history/ping.2.avsc', v2)
})

afterEach(() => rm(folder, { recursive: true }))

const write = (file: string, content: string): Promise<void> => writeFile(join(folder, file), content)

describe('types', () => {
  test('writes a file per schema, and touches it again only when it changes', async () => {
    const targets = typesTargets(folder, await readSchemaFiles(folder), join(folder, 'src/generated'))
    const relative = targets.map((target) => ({ ...target, importFrom: 'somewhere' }))
    expect(await runSchemasTypes('/', relative)).toMatchObject([{ change: 'created' }])
    const out = join(folder, 'src/generated/ping.ts')
    const { mtimeMs } = await stat(out)
    expect(await runSchemasTypes('/', relative)).toMatchObject([{ change: 'unchanged' }])
    expect((await stat(out)).mtimeMs).toBe(mtimeMs)
    await write('ping.avsc', v1)
    expect(await runSchemasTypes('/', relative)).toMatchObject([{ change: 'updated' }])
    expect(await readFile(out, 'utf8')).not.toContain('readonly b')
  })

  test('writes nothing when one of the schemas is invalid', async () => {
    await write('pong.avsc', '{')
    const targets = typesTargets(folder, await readSchemaFiles(folder), join(folder, 'out'))
    await expect(runSchemasTypes('/', targets)).rejects.toMatchObject({ code: 'TOWLINE_SCHEMA_INVALID' })
    await expect(stat(join(folder, 'out'))).rejects.toMatchObject({ code: 'ENOENT' })
  })
})

describe('check', () => {
  test('reads the versions of a schema in the order of their numbers', async () => {
    await Promise.all(Array.from({ length: 9 }, (_, index) => write(`history/ping.${index + 3}.avsc`, v2)))
    const { history } = await readSchemaFiles(folder)
    expect(history.map(({ version }) => version)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11])
    expect(await runSchemasCheck(folder)).toEqual([])
  })

  test.each(['ping.avsc', 'ping.0.avsc', 'ping.01.avsc', 'README.md'])('finds history/%s stray', async (file) => {
    await write(`history/${file}`, v1)
    expect(await runSchemasCheck(folder)).toEqual([expect.objectContaining({ file: `history/${file}` })])
  })

  test('says which folder it cannot read', async () => {
    const missing = join(folder, 'nowhere')
    await expect(runSchemasCheck(missing)).rejects.toMatchObject({ code: 'TOWLINE_INPUT_INVALID', value: missing })
  })

  test('takes a folder without history/ for a beginning', async () => {
    await rm(join(folder, 'history'), { recursive: true })
    expect(await runSchemasCheck(folder)).toEqual([
      expect.objectContaining({ file: 'ping.avsc', wayOut: 'copy ping.avsc to history/ping.1.avsc' }),
    ])
  })

  test('refuses a folder without schemas: it would keep every rule', async () => {
    const empty = join(folder, 'empty')
    await mkdir(join(empty, 'history'), { recursive: true })
    await expect(runSchemasCheck(empty)).rejects.toMatchObject({ code: 'TOWLINE_INPUT_INVALID', value: empty })
  })
})

describe('push', () => {
  let registry: DevRegistry
  let client: RegistryClient

  beforeEach(async () => {
    registry = await startRegistry({ port: 0 })
    client = createSchemaRegistry({ url: registry.url })
  })

  afterEach(async () => {
    await client.close()
    await registry.stop()
  })

  const get = async (path: string): Promise<unknown> => (await fetch(`${registry.url}${path}`)).json()
  const subjects = new Map([
    ['ping.tasks-value', 'ping'],
    ['staging.ping.tasks-value', 'ping'],
  ])

  test('registers every version, oldest first, under every subject, at level FULL_TRANSITIVE', async () => {
    expect(await runSchemasPush({ folder, subjects, registry: client })).toEqual([
      { subject: 'ping.tasks-value', name: 'ping', version: 1, id: 1 },
      { subject: 'ping.tasks-value', name: 'ping', version: 2, id: 2 },
      { subject: 'staging.ping.tasks-value', name: 'ping', version: 1, id: 1 },
      { subject: 'staging.ping.tasks-value', name: 'ping', version: 2, id: 2 },
    ])
    expect(await get('/subjects')).toEqual(['ping.tasks-value', 'staging.ping.tasks-value'])
    expect(await get('/subjects/ping.tasks-value/versions')).toEqual([1, 2])
    expect(await get('/config/ping.tasks-value')).toEqual({ compatibilityLevel: 'FULL_TRANSITIVE' })
  })

  test('changes nothing when it is repeated', async () => {
    const first = await runSchemasPush({ folder, subjects, registry: client })
    expect(await runSchemasPush({ folder, subjects, registry: client })).toEqual(first)
    expect(await get('/subjects/ping.tasks-value/versions')).toEqual([1, 2])
  })

  test('makes the current schema findable by its text', async () => {
    await runSchemasPush({ folder, subjects, registry: client })
    const { current } = await readSchemaFiles(folder)
    expect(await client.idOf('ping.tasks-value', current[0]?.text ?? '')).toBe(2)
  })

  test('pushes nothing from a folder that breaks a rule', async () => {
    await write('ping.avsc', v1)
    await expect(runSchemasPush({ folder, subjects, registry: client })).rejects.toMatchObject({
      code: 'TOWLINE_SCHEMA_INCOMPATIBLE',
      message: expect.stringContaining('history/ping.2.avsc'),
    })
    expect(await get('/subjects')).toEqual([])
  })

  test('pushes nothing when a subject names a schema that is not there', async () => {
    const wrong = new Map([...subjects, ['pong.tasks-value', 'pong']])
    await expect(runSchemasPush({ folder, subjects: wrong, registry: client })).rejects.toMatchObject({
      code: 'TOWLINE_SCHEMA_INVALID',
      value: 'pong',
    })
    expect(await get('/subjects')).toEqual([])
  })

  test('says so when the registry has another history', async () => {
    await client.ensureCompatibility('ping.tasks-value', 'FULL_TRANSITIVE')
    await client.register('ping.tasks-value', text({ name: 'other', type: 'string' }))
    await expect(runSchemasPush({ folder, subjects, registry: client })).rejects.toMatchObject({
      code: 'TOWLINE_SCHEMA_INCOMPATIBLE',
    })
  })

  test('says so when the registry is out', async () => {
    await registry.faults.setOutage('refuse')
    await expect(runSchemasPush({ folder, subjects, registry: client })).rejects.toMatchObject({
      code: 'TOWLINE_REGISTRY_UNAVAILABLE',
    })
  })
})
