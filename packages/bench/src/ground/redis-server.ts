import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import process from 'node:process'
import { createInterface } from 'node:readline'
import { promisify } from 'node:util'

const COMMAND = 'redis-server'

/** A redis-server of this process, on a free port of 127.0.0.1. */
export interface RedisServer extends AsyncDisposable {
  readonly port: number
  readonly version: string
}

/** Null where PATH has none. It writes nothing to disk: the fastest it can be, and as much as the dev broker does. */
export async function startRedis(): Promise<RedisServer | null> {
  const version = await redisVersion()
  if (version === null) return null
  const port = await freePort()
  const where = ['--bind', '127.0.0.1', '--port', String(port), '--dir', tmpdir()]
  const policy = ['--save', '', '--appendonly', 'no', '--maxmemory-policy', 'noeviction']
  const child = spawn(COMMAND, [...where, ...policy], { stdio: ['ignore', 'pipe', 'inherit'] })
  const endWithUs = (): void => void child.kill('SIGKILL')
  process.once('exit', endWithUs)
  await untilReady(child)
  return {
    port,
    version,
    [Symbol.asyncDispose]: async () => {
      process.off('exit', endWithUs)
      if (child.exitCode !== null) return
      child.kill('SIGTERM')
      await once(child, 'exit')
    },
  }
}

async function redisVersion(): Promise<string | null> {
  try {
    const { stdout } = await promisify(execFile)(COMMAND, ['--version'])
    return / v=(\S+)/.exec(stdout)?.[1] ?? 'unknown'
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null
    throw error
  }
}

async function untilReady({ stdout }: ChildProcess): Promise<void> {
  if (stdout === null) throw new Error(`${COMMAND} has no stdout`)
  const lines = createInterface(stdout)
  for await (const line of lines) {
    if (!line.includes('Ready to accept connections')) continue
    stdout.resume()
    return
  }
  throw new Error(`${COMMAND} ended before it was ready`)
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  await once(server, 'close')
  if (address === null || typeof address === 'string') throw new Error('no free port')
  return address.port
}
