/** The recorded cause of a bad outcome, as it travels in headers and in `task-result`. */
export interface Failure {
  /** A Towline error code, or the `code` or `name` of what the handler threw. */
  readonly code: string
  readonly message: string
  readonly stack?: string
  /** When it happened, epoch milliseconds. */
  readonly atMs: number
  /** The attempt that failed, counted from 1 within a life; 0 where no attempt was made. */
  readonly attempt: number
}

/** Longest `code` that travels with a task, in UTF-8 bytes. */
export const FAILURE_CODE_BYTES = 128
/** Longest `message` that travels with a task, in UTF-8 bytes. */
export const FAILURE_MESSAGE_BYTES = 1024
/** Longest `stack` that travels with a task, in UTF-8 bytes. */
export const FAILURE_STACK_BYTES = 4096

/** When and in which attempt something failed. */
export interface FailureMoment {
  readonly atMs: number
  readonly attempt: number
}

/** Causes followed, so that `fetch failed` tells why; it also ends a ring of causes. */
const MAX_CAUSES = 5

/**
 * Turns anything thrown into a failure. Total: never throws, whatever the getters of `thrown` do. The code is the first
 * `code` along its causes, else its name; the stack goes on with those of its causes.
 */
export function failureOf(thrown: unknown, moment: FailureMoment): Failure {
  const chain = causeChain(thrown)
  const code = chain.map(codeOf).find((found) => found !== undefined) ?? textOf(thrown, 'name') ?? 'Error'
  const stacks = chain.map((error) => textOf(error, 'stack')).filter((stack) => stack !== undefined)
  return {
    code: truncateUtf8(code, FAILURE_CODE_BYTES),
    message: truncateUtf8(textOf(thrown, 'message') ?? describe(thrown), FAILURE_MESSAGE_BYTES),
    ...(stacks.length === 0 ? {} : { stack: truncateUtf8(stacks.join('\nCaused by: '), FAILURE_STACK_BYTES) }),
    atMs: moment.atMs,
    attempt: moment.attempt,
  }
}

/** Cuts text to at most `maxBytes` of UTF-8 without splitting a character. */
export function truncateUtf8(text: string, maxBytes: number): string {
  if (text.length * 3 <= maxBytes) return text
  // A UTF-16 unit is at least one byte: what lies beyond `maxBytes` units is cut in any case.
  const bytes = Buffer.from(text.slice(0, maxBytes + 1), 'utf8')
  if (bytes.length <= maxBytes) return text
  let end = maxBytes
  while (end > 0 && ((bytes[end] ?? 0) & 0xc0) === 0x80) end -= 1
  return bytes.toString('utf8', 0, end)
}

function causeChain(thrown: unknown): readonly unknown[] {
  const chain = [thrown]
  for (let error = propertyOf(thrown, 'cause'); error !== undefined && chain.length <= MAX_CAUSES; ) {
    if (chain.includes(error)) break
    chain.push(error)
    error = propertyOf(error, 'cause')
  }
  return chain
}

/** Codes are text in Node and Towline, numbers in many HTTP clients. */
function codeOf(error: unknown): string | undefined {
  const code = propertyOf(error, 'code')
  return typeof code === 'number' ? String(code) : textOf(error, 'code')
}

function textOf(thrown: unknown, property: string): string | undefined {
  const value = propertyOf(thrown, property)
  return typeof value === 'string' && value !== '' ? value : undefined
}

function propertyOf(thrown: unknown, property: string): unknown {
  if (typeof thrown !== 'object' || thrown === null) return undefined
  try {
    return (thrown as Record<string, unknown>)[property]
  } catch {
    return undefined // A getter or proxy threw: nothing to tell.
  }
}

function describe(thrown: unknown): string {
  try {
    if (thrown instanceof Error) return `${thrown.name} without a message`
    const text = typeof thrown === 'object' ? JSON.stringify(thrown) : String(thrown)
    return text || 'thrown without a message'
  } catch {
    return 'an error that cannot be described'
  }
}
