import {
  type DecodedAny,
  decodeAny,
  type Failure,
  type HeaderMap,
  isTowlineError,
  type SchemaSource,
  type TaskEnvelope,
  TowlineError,
  userHeaders,
} from '@towline/contracts'
import type { DeadLetter } from './dead-letter.ts'
import { letterTest } from './dead-letter-filter.ts'
import { type Letter, readDeadLetterRecord } from './dead-letter-record.ts'
import type { LedgerPorts } from './ledger-ports.ts'
import { scanDeadLetters } from './list-dead-letters.ts'
import type { ReadResolution } from './moved-record.ts'
import { firstRecordOf } from './read-range.ts'

/** `unavailable`: the registry could not be asked; the bytes may be fine. */
export type ShownPayload = DecodedAny | { readonly kind: 'unavailable'; readonly message: string }

/** Everything one dead letter says. */
export interface DeadLetterDetail {
  readonly letter: DeadLetter
  /** Dead letters of other lives of the same task, oldest first. */
  readonly otherLives: readonly DeadLetter[]
  /** Of all lives, oldest first. */
  readonly resolutions: readonly ReadResolution[]
  readonly firstFailure: Failure | null
  /** With its stack. */
  readonly lastFailure: Failure | null
  readonly envelope: TaskEnvelope
  /** The publisher's own headers. */
  readonly headers: HeaderMap
  readonly key: Buffer | null
  /** The payload as sent. */
  readonly value: Buffer | null
  /** The payload by the schema it was written with. */
  readonly payload: ShownPayload
}

export interface ShowRequest {
  /** A task id or the beginning of one. */
  readonly idOrPrefix: string
  /** Default: the latest life with a dead letter. */
  readonly life?: number | undefined
  readonly signal?: AbortSignal | undefined
}

const NAMED_CANDIDATES = 5

/** @throws TowlineError TOWLINE_DEAD_LETTER_NOT_FOUND, TOWLINE_OPTION_INVALID when the prefix fits more than one task */
export async function showDeadLetter(
  ports: LedgerPorts,
  schemas: SchemaSource,
  { idOrPrefix, life, signal }: ShowRequest,
): Promise<DeadLetterDetail> {
  const scan = { ends: 'first', ...(signal === undefined ? {} : { signal }) } as const
  const { ledger } = await scanDeadLetters(ports, letterTest({ id: idOrPrefix }), scan)
  const entries = ledger.entries()
  const letter = choose(entries, idOrPrefix, life)
  const { envelope, record } = await readLetter(ports, letter, signal)
  return {
    letter,
    otherLives: entries.filter((entry) => entry !== letter),
    resolutions: ledger.resolutionsOf(letter.taskId),
    firstFailure: envelope.firstFailure ?? null,
    lastFailure: envelope.lastFailure ?? null,
    envelope,
    headers: userHeaders(record.headers),
    key: record.key,
    value: record.value,
    payload: await decodePayload(record.value, schemas),
  }
}

function choose(entries: readonly DeadLetter[], idOrPrefix: string, life: number | undefined): DeadLetter {
  const ids = [...new Set(entries.map(({ taskId }) => taskId))]
  if (ids.length > 1) {
    const shown = ids.slice(0, NAMED_CANDIDATES).join(', ')
    throw new TowlineError('TOWLINE_OPTION_INVALID', `id ${idOrPrefix} begins ${ids.length} dead letters: ${shown}`, {
      value: idOrPrefix,
      wayOut: 'Give more of the id',
    })
  }
  const lives = entries.toSorted((a, b) => a.life - b.life)
  const found = life === undefined ? lives.at(-1) : lives.find((entry) => entry.life === life)
  if (found === undefined) throw notFound(life === undefined ? idOrPrefix : `${idOrPrefix}/${life}`)
  return found
}

async function readLetter(ports: LedgerPorts, entry: DeadLetter, signal: AbortSignal | undefined): Promise<Letter> {
  const tp = { topic: ports.names.dlq, partition: entry.partition }
  const record = await firstRecordOf(ports.reader, { tp, from: entry.offset, to: entry.offset + 1 }, signal)
  const read = record === null ? null : readDeadLetterRecord(tp, record)
  if (read?.kind !== 'letter') throw notFound(`${entry.taskId}/${entry.life}`)
  return read.letter
}

async function decodePayload(value: Buffer | null, schemas: SchemaSource): Promise<ShownPayload> {
  try {
    return await decodeAny(value, schemas)
  } catch (thrown) {
    if (isTowlineError(thrown, 'TOWLINE_REGISTRY_UNAVAILABLE')) return { kind: 'unavailable', message: thrown.message }
    throw thrown
  }
}

function notFound(which: string): TowlineError {
  return new TowlineError('TOWLINE_DEAD_LETTER_NOT_FOUND', `no dead letter ${which} is retained`, {
    value: which,
    wayOut: 'List them without a filter to see what is there',
  })
}
