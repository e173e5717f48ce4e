export type LogLevel = 'info' | 'warn' | 'error'

/** Where the broker tells what it does: rare events, never one line per request. */
export type LogSink = (level: LogLevel, message: string, fields?: Readonly<Record<string, unknown>>) => void

/** An event as one line of text. */
export function describeEvent(message: string, { error, ...fields }: Readonly<Record<string, unknown>> = {}): string {
  const reason = error instanceof Error ? ` (${error.message})` : ''
  const details = Object.keys(fields).length > 0 ? ` ${JSON.stringify(fields)}` : ''
  return `${message}${reason}${details}`
}
