import type { DeadLetter, DeadLetterDetail, DeadLetterGroup } from '@towline/dead-letter'
import { cell, formatCount, formatMoment, formatSpan } from '../output/format-value.ts'
import { printable, printableLines } from '../output/printable.ts'
import { type Column, renderFields } from '../output/table.ts'

const ERROR_LENGTH = 60

export const LETTER_COLUMNS: readonly Column<DeadLetter>[] = [
  { title: 'task', value: ({ taskId }) => taskId },
  { title: 'life', align: 'right', value: ({ life }) => String(life) },
  { title: 'state', value: ({ state }) => state },
  { title: 'reason', value: ({ reason }) => reason },
  { title: 'attempts', align: 'right', value: ({ attempts }) => String(attempts) },
  { title: 'dead since', value: ({ deadAtMs }) => formatMoment(deadAtMs) },
  { title: 'error', value: ({ error }) => errorText(error) },
]

export const GROUP_COLUMNS: readonly Column<DeadLetterGroup>[] = [
  { title: 'open', align: 'right', value: ({ open }) => formatCount(open) },
  { title: 'fingerprint', value: ({ fingerprint }) => cell(fingerprint) },
  { title: 'code', value: ({ code }) => cell(code) },
  { title: 'error', value: ({ pattern }) => cell(pattern, ERROR_LENGTH) },
  { title: 'first', value: ({ firstAtMs }) => formatMoment(firstAtMs) },
  { title: 'last', value: ({ lastAtMs }) => formatMoment(lastAtMs) },
]

/** When the letters were written, for people: `2026-05-01 10:00:00Z to … (3h)`, or the moment where it is one. */
export function spanText(letters: readonly DeadLetter[]): string {
  const first = letters.reduce((least, { deadAtMs }) => Math.min(least, deadAtMs), Number.POSITIVE_INFINITY)
  const last = letters.reduce((most, { deadAtMs }) => Math.max(most, deadAtMs), 0)
  if (first === last) return formatMoment(first)
  return `${formatMoment(first)} to ${formatMoment(last)} (${formatSpan(last - first)})`
}

/** One dead letter in full, for people. */
export function letterText(detail: DeadLetterDetail): string {
  const { letter, envelope, firstFailure, lastFailure } = detail
  const origin = `${letter.origin.topic}/${letter.origin.partition}/${letter.origin.offset}`
  return renderFields([
    ['task', `${letter.taskId} (life ${letter.life})`],
    ['state', letter.state],
    ['reason', letter.reason],
    ['attempts', String(letter.attempts)],
    // An unkeyed task travels under its own id.
    ['key', letter.key === letter.taskId ? undefined : printable(letter.key)],
    ['tenant', letter.tenant === null ? undefined : printable(letter.tenant)],
    ['queued', formatMoment(envelope.queuedAtMs)],
    ['dead since', formatMoment(letter.deadAtMs)],
    ['origin', origin],
    ['first failure', firstFailure === null ? undefined : failureText(firstFailure, false)],
    ['last failure', lastFailure === null ? undefined : failureText(lastFailure, true)],
    ...detail.resolutions.map((resolution): [string, string] => [
      'resolved',
      printable(
        `life ${resolution.resolves.life} ${resolution.resolvedAs} by ${resolution.by} at ${formatMoment(resolution.atMs)}${
          resolution.reason === undefined ? '' : `: ${resolution.reason}`
        }`,
      ),
    ]),
    ['payload', payloadText(detail)],
  ])
}

function failureText(failure: NonNullable<DeadLetterDetail['lastFailure']>, withStack: boolean): string {
  const line = printable(
    `attempt ${failure.attempt} at ${formatMoment(failure.atMs)}: ${failure.code}: ${failure.message}`,
  )
  return withStack && failure.stack !== undefined ? `${line}\n${printableLines(failure.stack)}` : line
}

function payloadText({ payload, value }: DeadLetterDetail): string {
  switch (payload.kind) {
    case 'decoded':
      return `${payload.schemaName} (schema ${payload.schemaId})\n${printableLines(JSON.stringify(payload.value, null, 2))}`
    case 'undecodable':
      return `${printable(payload.failureMessage)} (${value?.length ?? 0} bytes; -o json has them in base64)`
    case 'unavailable':
      return `not decoded: ${printable(payload.message)}`
  }
}

function errorText(error: DeadLetter['error']): string {
  return error === null ? '-' : printable(`${error.code}: ${error.message}`, ERROR_LENGTH)
}
