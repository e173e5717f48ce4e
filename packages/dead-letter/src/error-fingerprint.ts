import { createHash } from 'node:crypto'
import type { Failure } from '@towline/contracts'

/** What errors of one kind have in common. */
export interface ErrorKind {
  /** 12 hexadecimal digits over code and pattern: stable across runs and versions. */
  readonly fingerprint: string
  readonly code: string
  /** The first line of the message with ids and numbers replaced, at most 200 characters. */
  readonly pattern: string
}

const PATTERN_LENGTH = 200
/** Of a line, what is looked at. */
const LINE_LENGTH = 512
const UUID = /\b[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}\b/gi
const TIMESTAMP = /\b\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?(?:Z|[+-]\d{2}:?\d{2})?/g
// At least one digit and one letter, so that words such as "deadbeef" or "facade" stay what they are.
const TOKEN = /\b(?=[0-9a-z_-]*\d)(?=[0-9a-z_-]*[a-z])[0-9a-z_-]{12,}\b/gi
const HEX = /\b0x[0-9a-f]+\b/gi
const NUMBER = /\d+(?:[.,]\d+)*/g

/**
 * The kind of a failure: its code and its message without what differs from task to task. Ids become `<id>`, moments
 * `<time>`, numbers `<n>`.
 */
export function errorKind(failure: Pick<Failure, 'code' | 'message'>): ErrorKind {
  const pattern = errorPattern(failure.message)
  const fingerprint = createHash('sha256')
    .update(JSON.stringify([failure.code, pattern]))
    .digest('hex')
    .slice(0, 12)
  return { fingerprint, code: failure.code, pattern }
}

function errorPattern(message: string): string {
  const [firstLine = ''] = message.trimStart().split(/[\r\n]/, 1)
  const pattern = firstLine
    .slice(0, LINE_LENGTH)
    .replace(UUID, '<id>')
    .replace(TIMESTAMP, '<time>')
    .replace(HEX, '<id>')
    .replace(TOKEN, '<id>')
    .replace(NUMBER, '<n>')
    .replace(/\s+/g, ' ')
    .trim()
  return pattern.length <= PATTERN_LENGTH ? pattern : `${pattern.slice(0, PATTERN_LENGTH - 1)}…`
}
