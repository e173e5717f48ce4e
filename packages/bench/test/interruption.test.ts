import { spawn } from 'node:child_process'
import { once } from 'node:events'
import process from 'node:process'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { unlessAborted } from '../src/interruption.ts'

const MAIN = fileURLToPath(new URL('../src/main.ts', import.meta.url))

test('a bench that is told to end says so, and ends what it started', async () => {
  const bench = spawn(process.execPath, ['--conditions=@towline/source', MAIN, 'drain', '--dev-broker'], {
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  const exited = once(bench, 'close')
  const said: string[] = []
  for await (const line of createInterface(bench.stderr)) {
    said.push(line)
    if (said.length === 1) bench.kill('SIGTERM')
  }
  expect(await exited).toEqual([143, null])
  expect(said).toEqual([
    expect.stringMatching(/^bench: drain on dev broker/),
    'bench: interrupted by SIGTERM: what it started is ended',
  ])
}, 30_000)

test('work that is done is not broken off, and work that is broken off fails with the reason', async () => {
  const controller = new AbortController()
  expect(await unlessAborted(async () => 'done', controller.signal)).toBe('done')
  const broken = unlessAborted(() => new Promise(() => {}), controller.signal)
  controller.abort(new Error('enough'))
  await expect(broken).rejects.toThrow('enough')
  let hasBegun = false
  const late = async (): Promise<void> => {
    hasBegun = true
  }
  await expect(unlessAborted(late, controller.signal)).rejects.toThrow('enough')
  expect(hasBegun).toBe(false)
})
