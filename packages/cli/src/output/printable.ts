/** A message of a remote process may hold anything; on a terminal, control characters could move the cursor or forge lines. */
const CONTROL = /[\p{Cc}\p{Zl}\p{Zp}\p{Bidi_Control}]+/gu

/** Text as one line that is safe to print, cut to at most `maxLength` characters. */
export function printable(text: string, maxLength: number = Number.POSITIVE_INFINITY): string {
  const line = text.replace(CONTROL, ' ').trim()
  return line.length <= maxLength ? line : `${line.slice(0, maxLength - 1).trimEnd()}…`
}

/** As {@link printable}, but lines stay lines: for stacks and documents. */
export function printableLines(text: string): string {
  return text
    .split(/\r?\n/)
    .map((line) => line.replace(/\t/g, '  ').replace(CONTROL, ' ').trimEnd())
    .join('\n')
}
