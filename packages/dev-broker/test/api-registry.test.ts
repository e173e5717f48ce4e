import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { API_REGISTRY } from '../src/apis/api-registry.ts'
import { supportedVersions } from '../src/apis/api-versions.ts'
import { refusal } from '../src/apis/refusal.ts'
import { KAFKA_ERRORS } from '../src/protocol/error-codes.ts'

const fileOf = (name: string): URL =>
  new URL(`../src/apis/${name.replaceAll(/(?<!^)([A-Z])/g, '-$1').toLowerCase()}.ts`, import.meta.url)

test.each(API_REGISTRY)('the header of the file of $name tells the versions that are served', ({ name, versions }) => {
  const [header = ''] = readFileSync(fileOf(name), 'utf8').split('\n')
  const [, first, last] = new RegExp(`^// ${name}, versions (\\d+) (?:to|and) (\\d+)[,.:;]`).exec(header) ?? []
  expect([Number(first), Number(last)]).toEqual(versions)
})

test('ApiVersions lists every API once, in order, as the table has it', () => {
  const { apis } = supportedVersions(API_REGISTRY, KAFKA_ERRORS.NONE)
  expect(apis).toHaveLength(20)
  expect(new Set(apis.map(({ key }) => key)).size).toBe(20)
  expect(apis.find(({ key }) => key === 1)).toEqual({ key: 1, firstVersion: 4, lastVersion: 11 })
  expect(
    apis.find(({ key }) => key === 0),
    'what lets librdkafka compress',
  ).toMatchObject({ firstVersion: 0 })
})

test('UNSUPPORTED.md names no API as refused that is served', () => {
  const refused = readFileSync(new URL('../UNSUPPORTED.md', import.meta.url), 'utf8')
  const [, table = ''] = refused.split('## APIs')
  const rows = table.split('\n## ')[0]?.match(/^\| \w+.*$/gm) ?? []
  expect(rows.length).toBeGreaterThan(5)
  for (const row of rows)
    for (const { name } of API_REGISTRY) expect(row.split('|')[1]?.split(/[ ,]+/)).not.toContain(name)
})

test('a refusal says its error for everything the request names', () => {
  const response = {
    errorCode: 'int16',
    brokers: [{ id: 'int32' }],
    topics: [{ errorCode: 'int16', name: 'string', partitions: [{ index: 'int32', errorCode: 'int16' }] }],
    groups: [{ groupId: 'string', errorCode: 'int16' }],
    names: [{ errorCode: 'int16', name: 'string' }],
  } as const
  const request = {
    topics: [{ name: 't', partitions: [{ index: 1, other: 5 }, { index: 2 }] }],
    groups: ['g'],
    names: ['n'],
  }
  expect(refusal(response, request, 7)).toEqual({
    errorCode: 7,
    brokers: [],
    topics: [
      {
        errorCode: 7,
        name: 't',
        partitions: [
          { index: 1, errorCode: 7 },
          { index: 2, errorCode: 7 },
        ],
      },
    ],
    groups: [{ groupId: 'g', errorCode: 7 }],
    names: [{ errorCode: 7, name: 'n' }],
  })
})

test('every API with errors in its response can say one', () => {
  for (const api of API_REGISTRY) expect.soft(JSON.stringify(api.responseSchema), api.name).toContain('"errorCode"')
})
