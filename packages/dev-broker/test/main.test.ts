import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { expect, onTestFinished, test } from 'vitest'
import { startBroker } from '../src/index.ts'
import { connectAdmin, kafkaAt } from './kafkajs-client.ts'

const MAIN = fileURLToPath(new URL('../src/main.ts', import.meta.url))

interface Running {
  readonly child: ChildProcess
  readonly exited: Promise<readonly [code: number | null, signal: NodeJS.Signals | null]>
  /** Its first line on stdout; null when it ended without. */
  readonly firstLine: Promise<string | null>
  readonly stderr: () => string
}

function run(...args: readonly string[]): Running {
  const child = spawn(process.execPath, ['--conditions=@towline/source', MAIN, ...args], {
    stdio: ['pipe', 'pipe', 'pipe'],
  })
  onTestFinished(() => {
    child.kill('SIGKILL')
  })
  let stderr = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text
  })
  const lines = createInterface({ input: child.stdout })
  const firstLine = Promise.race([
    once(lines, 'line').then(([line]) => line as string),
    once(child, 'close').then(() => null),
  ])
  const exited = once(child, 'close') as Promise<[number | null, NodeJS.Signals | null]>
  return { child, exited, firstLine, stderr: () => stderr }
}

async function ready(running: Running): Promise<{ readonly brokers: string; readonly registry: string }> {
  const line = await running.firstLine
  if (line === null) throw new Error(running.stderr())
  return JSON.parse(line) as { brokers: string; registry: string }
}

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
