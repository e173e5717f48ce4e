// npm run soak: a chaotic day on each broker, judged as every test is, then the memory bench.
//
//   npm run soak                          ten minutes of each, with a seed of chance
//   npm run soak -- --minutes 60
//   npm run soak -- --seed 12345          the misfortunes of a day that went wrong, in their order

import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { findKafka } from '@towline/test-brokers'

const root = join(import.meta.dirname, '..')
const EXIT_INTERRUPTED = 130

const { minutes, seed } = readArguments()
const interrupted = new AbortController()
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => interrupted.abort())

const failed: string[] = []
if (!(await chaos())) failed.push(`chaos (again: npm run soak -- --minutes ${minutes} --seed ${seed})`)
if (!interrupted.signal.aborted && !(await memory())) failed.push('memory')
if (!interrupted.signal.aborted && failed.length > 0) say(`failed: ${failed.join(', ')}`)
process.exitCode = interrupted.signal.aborted ? EXIT_INTERRUPTED : failed.length > 0 ? 1 : 0

async function chaos(): Promise<boolean> {
  say(`${minutes} minutes of chaos on each broker, seed ${seed}`)
  const kafka = await findKafka(process.env, { tell: say, signal: interrupted.signal })
  say(kafka === null ? 'no Kafka: on the dev broker only' : kafka.description)
  try {
    return await run(['npm', 'test', '-w', 'packages/e2e', '--', 'chaos'], {
      ...process.env,
      ...(kafka === null ? {} : { TOWLINE_BROKERS: kafka.brokers }),
      E2E_CHAOS_MS: String(minutes * 60_000),
      E2E_CHAOS_SEED: String(seed),
    })
  } finally {
    await kafka?.stop()
  }
}

async function memory(): Promise<boolean> {
  return await run(['npm', 'run', '-s', 'bench', '--', 'memory', '--minutes', String(minutes)], process.env)
}

/** Whether it ended well. */
async function run([command = '', ...args]: readonly string[], env: NodeJS.ProcessEnv): Promise<boolean> {
  const child = spawn(command, args, { cwd: root, env, stdio: 'inherit', detached: true })
  const end = (): void => endAll(child)
  interrupted.signal.addEventListener('abort', end)
  const [code] = await once(child, 'exit')
  interrupted.signal.removeEventListener('abort', end)
  return code === 0
}

/** npm and what it runs are a process group of their own: npm alone would not pass a signal on. */
function endAll({ pid }: ChildProcess): void {
  if (pid !== undefined) process.kill(process.platform === 'win32' ? pid : -pid, 'SIGTERM')
}

function readArguments(): { readonly minutes: number; readonly seed: number } {
  const options = { minutes: { type: 'string' }, seed: { type: 'string' } } as const
  const { values } = parseArgs({ options })
  const minutes = Number(values.minutes ?? 10)
  const seed = Number(values.seed ?? Math.floor(Math.random() * 2 ** 31))
  if (!(minutes > 0)) throw new Error(`--minutes must be above 0, got ${values.minutes}`)
  if (!Number.isSafeInteger(seed)) throw new Error(`--seed must be a whole number, got ${values.seed}`)
  return { minutes, seed }
}

function say(line: string): void {
  console.error(`soak: ${line}`)
}
