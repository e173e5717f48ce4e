import { expect, test } from 'vitest'
import { checkNode } from '../../src/doctor/check-node.ts'

test.each([
  ['24.21.0', 'ok'],
  ['22.22.0', 'ok'],
  ['22.21.9', 'problem'],
  ['20.20.2', 'problem'],
  ['23.1.0', 'warning'],
  ['25.0.0', 'warning'],
])('Node %s is %s', (version, level) => {
  expect(checkNode(version)).toMatchObject({ level, message: expect.stringContaining(version) })
})

test('names the oldest Node that the package takes', async () => {
  const { default: own } = await import('../../package.json', { with: { type: 'json' } })
  expect(own.engines.node).toBe('>=22.22')
  expect(checkNode('22.21.0')).toMatchObject({ message: expect.stringContaining('older than 22.22') })
})
