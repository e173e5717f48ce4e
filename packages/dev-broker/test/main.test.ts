import { expect, test } from 'vitest'
import { startBroker } from '../src/index.ts'
import { ready, runMain as run } from './broker-process.ts'
import { connectAdmin, kafkaAt } from './kafkajs-client.ts'

test('tells in one line of JSON where both are, serves, and stops on SIGTERM', async () => {
  const running = run('--port', '0', '--registry-port', '0')
  const { brokers, registry } = await ready(running)
  await using admin = await connectAdmin(kafkaAt(brokers))
  expect(await admin.client.createTopics({ topics: [{ topic: 't' }] })).toBe(true)
  expect(await (await fetch(`${registry}/subjects`)).json()).toEqual([])
  expect(running.stderr()).toContain('for development only')
  running.child.kill('SIGTERM')
  expect(await running.exited).toEqual([0, null])
})

test('with --exit-with-parent stops when its stdin ends', async () => {
  const running = run('--port', '0', '--registry-port', '0', '--exit-with-parent')
  await ready(running)
  running.child.stdin?.end()
  expect(await running.exited).toEqual([0, null])
})

test('without it outlives its stdin, and stops on SIGINT', async () => {
  const running = run('--port', '0', '--registry-port', '0')
  running.child.stdin?.end()
  const { brokers } = await ready(running)
  await using admin = await connectAdmin(kafkaAt(brokers))
  expect(await admin.client.listTopics()).toEqual([])
  running.child.kill('SIGINT')
  expect(await running.exited).toEqual([0, null])
})

test.each([
  [
    'a port that is taken',
    (port: number) => ['--port', String(port), '--registry-port', '0'],
    1,
    'choose another port',
  ],
  [
    'a host that is no loopback',
    () => ['--host', '0.0.0.0', '--port', '0', '--registry-port', '0'],
    1,
    'loopback|127.0.0.1',
  ],
  ['a port that is no number', () => ['--port', 'many'], 2, 'whole number from 0 to 65535'],
  ['an argument nobody knows', () => ['--prot', '0'], 2, '--prot'],
])('with %s says why and ends', async (_, args, code, reason) => {
  await using other = await startBroker({ port: 0 })
  const running = run(...args(other.port))
  expect(await running.firstLine).toBeNull()
  expect(await running.exited).toEqual([code, null])
  expect(running.stderr()).toMatch(new RegExp(reason))
})
