import { createRequire } from 'node:module'
import { expect, test } from 'vitest'
import { checkVersion, KAFKAJS_VERSION, loadKafkajs } from '../../src/kafkajs/kafkajs-internals.ts'

test('the installed kafkajs is the one whose faults are patched', () => {
  expect(() => loadKafkajs()).not.toThrow()
})

test.each(['2.2.3', '2.3.0-beta.3', '3.0.0'])('kafkajs %s is refused', (version) => {
  expect(() => checkVersion(version)).toThrow(
    expect.objectContaining({ code: 'TOWLINE_KAFKAJS_VERSION', value: version, bound: KAFKAJS_VERSION }),
  )
})

test('another version is refused before anything of it is loaded', () => {
  const real = createRequire(import.meta.url)
  const asked: string[] = []
  const require = Object.assign((path: string): unknown => {
    asked.push(path)
    return { version: '9.9.9' }
  }, real)
  expect(() => loadKafkajs(require)).toThrow(expect.objectContaining({ code: 'TOWLINE_KAFKAJS_VERSION' }))
  expect(asked).toEqual(['kafkajs/package.json'])
})
