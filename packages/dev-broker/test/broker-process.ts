import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { onTestFinished } from 'vitest'

const MAIN = fileURLToPath(new URL('../src/main.ts', import.meta.url))

export interface Running {
  readonly child: ChildProcess
  readonly exited: Promise<readonly [code: number | null, signal: NodeJS.Signals | null]>
  /** Its first line on stdout; null when it ended without. */
  readonly firstLine: Promise<string | null>
  readonly stderr: () => string
}

/** The broker as a process of its own, gone when the test is over. */
export function runMain(...args: readonly string[]): Running {
  return runCommand(process.execPath, ['--conditions=@towline/source', MAIN, ...args])
}

/** The same with files of at most so many KiB, until that is lifted (see `prlimit`). */
export function runMainWithFileLimit(kibibytes: number, ...args: readonly string[]): Running {
  const script = `ulimit -S -f ${kibibytes}; exec "$@"`
  return runCommand('bash', ['-c', script, 'bash', process.execPath, '--conditions=@towline/source', MAIN, ...args])
}

export async function ready(running: Running): Promise<{ readonly brokers: string; readonly registry: string }> {
  const line = await running.firstLine
  if (line === null) throw new Error(running.stderr())
  return JSON.parse(line) as { brokers: string; registry: string }
}

function runCommand(command: string, args: readonly string[]): Running {
  const child = spawn(command, args, { stdio: ['pipe', 'pipe', 'pipe'] })
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
