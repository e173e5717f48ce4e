import { tmpdir } from 'node:os'
import { expect, test } from 'vitest'
import { kafkaDataFolder } from '../src/ground/kafka-data.ts'

test('a Kafka that a bench starts keeps its log among temporary files where memory has no room or is not there', async () => {
  expect(await kafkaDataFolder('/proc')).toBe(tmpdir())
  expect(await kafkaDataFolder('/nowhere')).toBe(tmpdir())
})

test('it keeps it in the folder that has room', async () => {
  expect(await kafkaDataFolder(process.cwd(), 0)).toBe(process.cwd())
})
