import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import type { BrokerProcess } from './broker-process.ts'

const CONDITION = '--conditions=@towline/source'
const MAIN = fileURLToPath(new URL('./main.ts', import.meta.resolve('@towline/dev-broker')))

export interface DevBrokerProcessOptions {
  readonly port: number
  readonly advertisedPort: number
  readonly dataFolder: string
}

/** Starts the dev broker in a process of its own, which ends with this one; resolves when it serves. */
export async function startDevBrokerProcess(options: DevBrokerProcessOptions): Promise<BrokerProcess> {
  const ports = ['--port', String(options.port), '--advertised-port', String(options.advertisedPort)]
  const rest = ['--registry-port', '0', '--data-dir', options.dataFolder, '--exit-with-parent']
  const child = spawn(process.execPath, [CONDITION, MAIN, ...ports, ...rest], { stdio: ['pipe', 'pipe', 'pipe'] })
  const exited = once(child, 'exit')
  await ready(child, exited)
  const end = async (signal: NodeJS.Signals): Promise<void> => {
    child.kill(signal)
    await exited
  }
  return { stop: () => end('SIGTERM'), kill: () => end('SIGKILL') }
}

async function ready({ stdout, stderr }: ChildProcess, exited: Promise<unknown>): Promise<void> {
  let said = ''
  stderr?.on('data', (bytes) => {
    said += String(bytes)
  })
  const failed = exited.then(() => {
    throw new Error(`the dev broker exited at once: ${said}`)
  })
  await Promise.race([once(stdout as NodeJS.ReadableStream, 'data'), failed])
  failed.catch(() => undefined)
}
