import {
  FAILURE_CODE_BYTES,
  FAILURE_MESSAGE_BYTES,
  FAILURE_STACK_BYTES,
  type Failure,
  truncateUtf8,
} from './failure.ts'

/**
 * A failure as the JSON of a header, cut to the sizes that may travel.
 *
 * @param withStack False for the first failure, which travels without one.
 */
export function formatFailure(failure: Failure, withStack: boolean): string {
  const { code, message, stack, atMs, attempt } = failure
  return JSON.stringify({
    code: truncateUtf8(code, FAILURE_CODE_BYTES),
    message: truncateUtf8(message, FAILURE_MESSAGE_BYTES),
    atMs,
    attempt,
    ...(withStack && stack !== undefined ? { stack: truncateUtf8(stack, FAILURE_STACK_BYTES) } : {}),
  })
}

/** The reverse of {@link formatFailure}, cut to the same sizes; null when the text is not a failure. Never throws. */
export function parseFailure(text: string): Failure | null {
  const json = parseJson(text)
  if (typeof json !== 'object' || json === null) return null
  const { code, message, stack, atMs, attempt } = json as Partial<Record<keyof Failure, unknown>>
  if (typeof code !== 'string' || typeof message !== 'string') return null
  if (!isCount(atMs) || !isCount(attempt)) return null
  return {
    code: truncateUtf8(code, FAILURE_CODE_BYTES),
    message: truncateUtf8(message, FAILURE_MESSAGE_BYTES),
    ...(typeof stack === 'string' ? { stack: truncateUtf8(stack, FAILURE_STACK_BYTES) } : {}),
    atMs,
    attempt,
  }
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown
  } catch {
    return null // Not JSON: the caller reports it as a malformed header.
  }
}
