// One process per data directory. Each announces itself by a file whose name says all there is to say: `<what>.<pid>.<birth>.lock`,
// and then looks for the others: of two that start at once at least one sees the other, and nothing is ever taken over by
// removing what somebody else has just made. A killed process leaves its file, which the next one removes.

import { closeSync, mkdirSync, openSync, readdirSync, readFileSync, realpathSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { DevBrokerError } from '../dev-broker-error.ts'

const heldByThisProcess = new Set<string>()

/**
 * Locks what `name` keeps in `directory`, which is made where it is missing. Returns how to let go.
 * @throws DevBrokerError TOWLINE_DEV_BROKER_DATA_LOCKED with the pid, or _DATA_UNUSABLE
 */
export function lockDataDirectory(directory: string, name: string): () => void {
  const own = `${name}.${process.pid}.${birthOf(process.pid)}.lock`
  const path = join(existingDirectory(directory), own)
  if (heldByThisProcess.has(path)) throw locked(directory, process.pid, path)
  try {
    closeSync(openSync(path, 'w'))
    const holder = otherHolder(directory, name, own)
    if (holder !== null) {
      rmSync(path)
      throw locked(directory, holder.pid, holder.path)
    }
  } catch (error) {
    throw error instanceof DevBrokerError ? error : unusable(directory, error)
  }
  heldByThisProcess.add(path)
  return () => {
    if (heldByThisProcess.delete(path)) rmSync(path, { force: true })
  }
}

/** By its one name: links may give it others. */
function existingDirectory(directory: string): string {
  try {
    mkdirSync(directory, { recursive: true })
    return realpathSync(directory)
  } catch (error) {
    throw unusable(directory, error)
  }
}

export function unusable(path: string, cause: unknown): DevBrokerError {
  const reason = cause instanceof Error ? cause.message : String(cause)
  return new DevBrokerError('TOWLINE_DEV_BROKER_DATA_UNUSABLE', `the data directory cannot be used: ${reason}`, {
    value: path,
    wayOut: `Give this user a directory it may read and write, on a disk with room, instead of ${path}`,
    cause,
  })
}

interface Holder {
  readonly pid: number
  readonly path: string
}

function otherHolder(directory: string, name: string, own: string): Holder | null {
  for (const file of readdirSync(directory)) {
    const [what, pid = '', birth = '', lock, ...more] = file.split('.')
    if (file === own || what !== name || lock !== 'lock' || more.length > 0) continue
    const path = join(directory, file)
    if (isSameProcess(Number(pid), birth)) return { pid: Number(pid), path }
    rmSync(path, { force: true })
  }
  return null
}

/** Where births are not told, a process of that number counts as the one that was: an operator can see for himself. */
function isSameProcess(pid: number, birth: string): boolean {
  if (pid === process.pid) return false
  try {
    process.kill(pid, 0)
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM'
  }
  const current = birthOf(pid)
  return current === birth || current === '' || birth === ''
}

/**
 * Tells a process from a later one of the same number: boot and clock tick of its start on Linux, empty elsewhere.
 * A zombie, dead and not yet buried by its parent, has none of the births a lock may bear.
 */
function birthOf(pid: number): string {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    // proc(5): the name in brackets may hold anything; after it come state (field 3) and, as field 22, the start.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    if (fields[0] === 'Z') return 'dead'
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').slice(0, 8)
    return `${boot}-${fields[19]}`
  } catch {
    return ''
  }
}

function locked(directory: string, pid: number, path: string): DevBrokerError {
  return new DevBrokerError('TOWLINE_DEV_BROKER_DATA_LOCKED', `${directory} is in use by process ${pid}`, {
    value: directory,
    wayOut: `Stop that process, or choose another directory; if it is no dev broker, remove ${path}`,
  })
}
