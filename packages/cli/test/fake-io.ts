import { Writable } from 'node:stream'
import type { Cancel } from '@towline/contracts'
import type { CliIo } from '../src/cli-io.ts'

export interface FakeIo extends CliIo {
  readonly written: { stdout: string; stderr: string }
}

/** A world without a terminal, a network or a clock that moves; it keeps what is written. */
export function fakeIo(
  options: { stdin?: string; env?: Record<string, string>; cwd?: string; signal?: AbortSignal } = {},
): FakeIo {
  const written = { stdout: '', stderr: '' }
  const sink = (name: keyof typeof written): CliIo['stdout'] => {
    const stream = new Writable({
      write(chunk: Buffer, _encoding, done) {
        written[name] += chunk.toString('utf8')
        done()
      },
    })
    return stream as CliIo['stdout']
  }
  return {
    written,
    stdin: stdinOf(options.stdin ?? ''),
    stdout: sink('stdout'),
    stderr: sink('stderr'),
    env: options.env ?? {},
    cwd: options.cwd ?? '/nowhere',
    clock: { nowMs: () => 0, monotonicMs: () => 0, after: (): Cancel => () => undefined },
    userName: 'tester',
    interrupted: options.signal ?? new AbortController().signal,
    process: undefined,
  }
}

async function* stdinOf(text: string): AsyncGenerator<Uint8Array> {
  if (text !== '') yield Buffer.from(text)
}
