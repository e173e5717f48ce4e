import { type AgentType, avroSchema, defineAgentType } from '@towline/contracts'

/** What a task of these suites is: a number of its own, and what its handler is to do, as JSON (see {@link Deed}). */
export interface Work {
  readonly n: number
  readonly note: string
}

/** What the handler of a task is to do. Nothing said: succeed at once. */
export interface Deed {
  /** How long it works before anything else, in milliseconds; it stops early when its signal is aborted. */
  readonly workMs?: number
  /** It works on through an abort. */
  readonly ignoresAbort?: boolean
  /** Attempts up to this one fail retryably. */
  readonly failAttempts?: number
  /** Every attempt fails for good, with this message. */
  readonly terminal?: string
  /** Before this moment (epoch milliseconds) it snoozes until then. */
  readonly snoozeUntilMs?: number
  /** Before this moment (epoch milliseconds) it says it is rate limited, for half a second each time. */
  readonly rateLimitedUntilMs?: number
}

/** The schema of the input and the output of every agent here. */
export const WORK = {
  type: 'record',
  name: 'Work',
  namespace: 'io.towline.test',
  fields: [
    { name: 'n', type: 'int' },
    { name: 'note', type: 'string' },
  ],
}

/** An agent type of a test. */
export function workType(type: string): AgentType<Work, Work> {
  const schema = avroSchema<Work>(WORK)
  return defineAgentType({ type, input: schema, output: schema })
}

export function work(n: number, deed: Deed = {}): Work {
  return { n, note: JSON.stringify(deed) }
}

/** Any text that is no deed, as a test may publish it, asks for nothing. */
export function deedOf({ note }: Work): Deed {
  return note.startsWith('{') ? (JSON.parse(note) as Deed) : {}
}
