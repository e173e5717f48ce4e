import { MAX_LIFE, type RecordPosition, type Resolution, TowlineError } from '@towline/contracts'
import type { DeadLetter } from './dead-letter.ts'
import type { DeadLetterLedger } from './dead-letter-ledger.ts'
import type { LedgerPorts } from './ledger-ports.ts'
import { type ResolutionNote, redrivenRecord, resolutionRecord, type SourceRecord } from './moved-record.ts'
import type { Sender } from './sender.ts'

/** What is done with an open dead letter. */
export interface LetterAction {
  readonly resolvedAs: Resolution
  readonly redriveId: string | null
  /** Why this letter cannot be resolved so, or undefined. */
  refuse(entry: DeadLetter): TowlineError | undefined
  /** Does it and writes the resolution. Resolves to where the task was sent, or null when it was not. */
  apply(entry: DeadLetter, letter: SourceRecord): Promise<RecordPosition | null>
}

export interface ActionAuthor {
  readonly by: string
  readonly reason?: string | undefined
}

type ActionPorts = Pick<LedgerPorts, 'admin' | 'names'> & { readonly sender: Sender }

/**
 * Sends a letter's task to the topic it came from as its next life, waits for the acknowledgement, then resolves the
 * letter. A crash anywhere between leaves it open; the same again sends the same (id, life), which runners drop, or
 * finds that the next life was seen and only writes the resolution.
 */
export async function redriveAction(
  ports: ActionPorts,
  ledger: DeadLetterLedger,
  author: ActionAuthor,
  redriveId: string,
): Promise<LetterAction> {
  const existing = new Set(await ports.admin.topicNames())
  return {
    resolvedAs: 'redriven',
    redriveId,
    refuse: (entry) => refuseRedrive(ports, existing, entry),
    async apply(entry, letter) {
      const { topic } = entry.origin
      let sentTo: RecordPosition | null = null
      if (!ledger.hasLaterLife(entry.taskId, entry.life)) {
        sentTo = { topic, ...(await ports.sender.send({ topic }, redrivenRecord(letter, redriveId))) }
      }
      await resolve(ports, entry, letter, { ...noteOf(entry, author), resolvedAs: 'redriven', redriveId })
      return sentTo
    },
  }
}

/** Resolves a letter as purged: its task stays dead. */
export function purgeAction(ports: ActionPorts, author: ActionAuthor): LetterAction {
  return {
    resolvedAs: 'purged',
    redriveId: null,
    refuse: () => undefined,
    async apply(entry, letter) {
      await resolve(ports, entry, letter, { ...noteOf(entry, author), resolvedAs: 'purged' })
      return null
    },
  }
}

function noteOf({ taskId, life }: DeadLetter, { by, reason }: ActionAuthor): Omit<ResolutionNote, 'resolvedAs'> {
  const note = { resolves: { taskId, life }, by }
  return reason === undefined ? note : { ...note, reason }
}

async function resolve(
  { sender, names }: ActionPorts,
  entry: DeadLetter,
  letter: SourceRecord,
  note: ResolutionNote,
): Promise<void> {
  const target = { topic: names.dlq, partition: entry.partition }
  await sender.send(target, resolutionRecord(letter.record.key, note))
}

function refuseRedrive(
  { names }: ActionPorts,
  existing: ReadonlySet<string>,
  { taskId, life, origin }: DeadLetter,
): TowlineError | undefined {
  if (life >= MAX_LIFE) {
    return new TowlineError(
      'TOWLINE_REDRIVE_LIMIT',
      `${taskId} is in life ${life} of ${MAX_LIFE}: it was redriven ${MAX_LIFE - 1} times and died again`,
      { value: life, bound: MAX_LIFE, wayOut: 'Purge it, or publish it as a new task once its cause is gone' },
    )
  }
  if (origin.topic !== names.tasks && origin.topic !== names.replay) {
    return new TowlineError(
      'TOWLINE_HEADER_INVALID',
      `${taskId} comes from ${origin.topic}, which is no topic of this agent`,
      {
        value: origin.topic,
        bound: `${names.tasks}, ${names.replay}`,
        wayOut: 'Publish it as a new task, then purge it',
      },
    )
  }
  if (!existing.has(origin.topic)) {
    return new TowlineError('TOWLINE_TOPIC_MISSING', `${taskId} comes from ${origin.topic}, which does not exist`, {
      value: origin.topic,
      wayOut: 'Create it with `towline topics apply`',
    })
  }
  return undefined
}
