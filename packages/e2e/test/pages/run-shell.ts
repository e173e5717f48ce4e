import { spawn } from 'node:child_process'
import { once } from 'node:events'

export interface ShellOptions {
  readonly cwd: string
  readonly env: Readonly<Record<string, string | undefined>>
  /** What the script reads. Default: nothing. */
  readonly stdin?: string
  /** Default 60 s. */
  readonly timeoutMs?: number
}

/** For what a script left in the background to stop after SIGTERM. */
const GRACE_MS = 10_000

/** Says on stderr which command failed. */
const TELL = `trap 'echo "failed: $BASH_COMMAND" >&2' ERR`

/**
 * Runs a script with bash, which stops at the first command that fails, and gives its stdout. What it left in the
 * background is then told to stop (SIGTERM), and has 10 s for it.
 *
 * @throws Error with all it wrote, when it ends with another code than 0 or takes too long.
 */
export async function runShell(script: string, options: ShellOptions): Promise<string> {
  const child = spawn('bash', ['-Eeuo', 'pipefail', '-c', `${TELL}\n${script}`], {
    cwd: options.cwd,
    env: options.env,
    stdio: 'pipe',
    detached: true,
  })
  let [stdout, stderr] = ['', '']
  child.stdout.on('data', (bytes: Buffer) => {
    stdout += bytes.toString()
  })
  child.stderr.on('data', (bytes: Buffer) => {
    stderr += bytes.toString()
  })
  child.stdin.end(options.stdin ?? '')
  const { timeoutMs = 60_000 } = options
  const timer = setTimeout(() => signalGroup(child.pid, 'SIGTERM'), timeoutMs)
  let grace: NodeJS.Timeout | undefined
  child.once('exit', () => {
    signalGroup(child.pid, 'SIGTERM')
    grace = setTimeout(() => signalGroup(child.pid, 'SIGKILL'), GRACE_MS)
  })
  const [code, signal] = await once(child, 'close')
  clearTimeout(timer)
  clearTimeout(grace)
  signalGroup(child.pid, 'SIGKILL')
  if (code === 0) return stdout
  const end = signal === null ? `ended with ${code}` : `was killed after ${timeoutMs} ms`
  throw new Error(`a script ${end}:\nstdout:\n${stdout}\nstderr:\n${stderr}`)
}

/** Its whole group: a script that is told alone leaves its commands behind. */
function signalGroup(pid: number | undefined, signal: NodeJS.Signals): void {
  if (pid === undefined) return
  try {
    process.kill(-pid, signal)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
  }
}
