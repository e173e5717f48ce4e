import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { startRegistry } from '@towline/dev-broker'
import { afterEach, expect, test, vi } from 'vitest'
import { type LostProcess, TowlineProcess } from '../../src/demo/child-process.ts'

const FREE_PORTS = ['dev-broker', '--port', '0', '--registry-port', '0', '-o', 'jsonl']
const WAIT = { timeout: 20_000, interval: 20 }

const started: TowlineProcess[] = []
afterEach(() => Promise.all(started.splice(0).map((child) => child.kill())))

function start(args: readonly string[]): { readonly child: TowlineProcess; readonly lost: LostProcess[] } {
  const lost: LostProcess[] = []
  const child = new TowlineProcess({ name: 'the broker', args, env: process.env, onLost: (each) => lost.push(each) })
  started.push(child)
  return { child, lost }
}

async function untilReady(child: TowlineProcess): Promise<Record<string, unknown>> {
  await vi.waitFor(() => expect(child.readyDocument).toBeDefined(), WAIT)
  return child.readyDocument ?? {}
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}

test('is ready when its verb says so by a document, runs apart from us, and stops when it is told to', async () => {
  const { child, lost } = start(FREE_PORTS)
  expect(child.readyDocument).toBeUndefined()
  expect(await untilReady(child)).toMatchObject({
    brokers: expect.stringMatching(/^127\.0\.0\.1:/) as unknown,
    pid: child.pid,
  })
  expect(isAlive(-child.pid), 'a process group of its own, so that no Ctrl-C reaches it').toBe(true)
  await child.stop()
  expect(isAlive(child.pid)).toBe(false)
  expect(lost).toEqual([])
})

test('is killed where it does not stop in time', async () => {
  const { child, lost } = start(FREE_PORTS)
  await untilReady(child)
  process.kill(child.pid, 'SIGSTOP') // It hears of nothing any more but SIGKILL.
  await child.stop(50)
  expect(isAlive(child.pid)).toBe(false)
  expect(lost).toEqual([])
})

test('killed on purpose it is not lost; stopping or killing it again does nothing', async () => {
  const { child, lost } = start(FREE_PORTS)
  await child.kill()
  await child.kill()
  await child.stop()
  expect(isAlive(child.pid)).toBe(false)
  expect(lost).toEqual([])
})

test('that ends on its own is lost, with a typed error and the last lines it wrote', async () => {
  const registry = await startRegistry({ port: 0 })
  const { lost } = start(['dev-broker', '--port', '0', '--registry-port', String(new URL(registry.url).port)])
  await vi.waitFor(() => expect(lost).toHaveLength(1), WAIT)
  await registry.stop()
  expect(lost[0]).toMatchObject({
    error: {
      code: 'TOWLINE_DEMO_FAILED',
      message: expect.stringMatching(/^the broker ended on its own: exit code 1\. /) as unknown,
      value: 'exit code 1',
    },
    lastLines: [expect.stringContaining('error:') as unknown],
  })
})

test('that somebody else kills is lost, and its error names the signal', async () => {
  const { child, lost } = start(FREE_PORTS)
  await untilReady(child)
  process.kill(child.pid, 'SIGKILL')
  await vi.waitFor(() => expect(lost).toHaveLength(1), WAIT)
  expect(lost[0]?.error.message).toMatch(/^the broker ended on its own: SIGKILL\. /)
})

test('ends with the process that started it, even with one that gets SIGKILL', async () => {
  const fixture = fileURLToPath(new URL('./parent.ts', import.meta.url))
  const parent = spawn(process.execPath, ['--conditions=@towline/source', fixture], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const [line] = (await once(createInterface({ input: parent.stdout }), 'line')) as [string]
  const pid = Number(line)
  expect(isAlive(pid)).toBe(true)
  parent.kill('SIGKILL')
  try {
    await vi.waitFor(() => expect(isAlive(pid)).toBe(false), WAIT)
  } finally {
    if (isAlive(pid)) process.kill(pid, 'SIGKILL')
  }
})
