export type LogLevel = 'info' | 'warn' | 'error'

/** Where the broker tells what it does: rare events, never one line per request. */
export type LogSink = (level: LogLevel, message: string, fields?: Readonly<Record<string, unknown>>) => void
