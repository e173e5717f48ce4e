import { randomBytes } from 'node:crypto'
import { hostname } from 'node:os'

/** Tells runner processes apart in results and logs: host, process id, and what differs after a restart of both. */
export function defaultRunnerId(): string {
  return `${hostname()}-${process.pid}-${randomBytes(2).toString('hex')}`
}
