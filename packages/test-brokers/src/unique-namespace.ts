import { randomBytes } from 'node:crypto'

/** A namespace no other test uses, so that suites on one broker never share topics, groups or subjects. */
export function uniqueNamespace(): string {
  return `t${randomBytes(6).toString('hex')}`
}
