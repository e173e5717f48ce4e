import { printable } from './printable.ts'

const UNITS = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['m', 60_000],
  ['s', 1_000],
] as const

/** A span of time for people: the two largest units, `2d 3h`, `1m 5s`, `840ms`. */
export function formatSpan(spanMs: number): string {
  if (!Number.isFinite(spanMs)) return '-'
  const whole = Math.max(0, Math.round(spanMs))
  if (whole < 1_000) return `${whole}ms`
  const first = UNITS.findIndex(([, unitMs]) => whole >= unitMs)
  const parts: string[] = []
  let rest = whole
  for (const [unit, unitMs] of UNITS.slice(first, first + 2)) {
    const count = Math.floor(rest / unitMs)
    if (count > 0) parts.push(`${count}${unit}`)
    rest -= count * unitMs
  }
  return parts.join(' ')
}

/** A moment for people: local time to the second, with its zone, as flags take it: `2026-05-01 12:00:00+02:00`. */
export function formatMoment(atMs: number | undefined | null): string {
  if (atMs === undefined || atMs === null || !Number.isFinite(atMs)) return '-'
  const offsetMinutes = -new Date(atMs).getTimezoneOffset()
  const local = new Date(atMs + offsetMinutes * 60_000).toISOString().slice(0, 19).replace('T', ' ')
  if (offsetMinutes === 0) return `${local}Z`
  const two = (value: number): string => String(Math.floor(value)).padStart(2, '0')
  const distance = Math.abs(offsetMinutes)
  return `${local}${offsetMinutes < 0 ? '-' : '+'}${two(distance / 60)}:${two(distance % 60)}`
}

/** A count for people: `12,345`. */
export function formatCount(count: number): string {
  return count.toLocaleString('en-US')
}

/** A size for people: `840 B`, `1.5 MiB`. */
export function formatBytes(bytes: number): string {
  if (bytes < 1_024) return `${bytes} B`
  const units = ['KiB', 'MiB', 'GiB', 'TiB']
  const power = Math.min(Math.floor(Math.log2(bytes) / 10), units.length)
  return `${(bytes / 1_024 ** power).toFixed(1)} ${units[power - 1]}`
}

/** `1 task`, `2 tasks`. */
export function plural(count: number, noun: string): string {
  return `${formatCount(count)} ${noun}${count === 1 ? '' : 's'}`
}

/** A cell: absent values are a dash, text is made safe to print. */
export function cell(value: string | number | null | undefined, maxLength?: number): string {
  if (value === null || value === undefined || value === '') return '-'
  return typeof value === 'number' ? formatCount(value) : printable(value, maxLength)
}
