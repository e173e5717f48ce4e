import { avroCodec, type Clock, newTaskId, type SchemaSource, type TopicNames } from '@towline/contracts'
import type { DeadLetterList } from './dead-letter.ts'
import { type DeadLetterFilter, letterTest } from './dead-letter-filter.ts'
import type { LedgerPorts } from './ledger-ports.ts'
import { purgeAction, redriveAction } from './letter-action.ts'
import { listOf, scanDeadLetters } from './list-dead-letters.ts'
import { type ResolveOptions, resolveLetters } from './resolve-letters.ts'
import type { ResolveReport } from './resolve-report.ts'
import type { Sender } from './sender.ts'
import { type DeadLetterDetail, showDeadLetter } from './show-dead-letter.ts'
import { taskEndSchema } from './task-end.ts'

export interface DeadLettersOptions extends Pick<LedgerPorts, 'reader' | 'admin'> {
  readonly sender: Sender
  readonly names: TopicNames
  readonly schemas: SchemaSource
  readonly clock: Clock
}

/**
 * The dead letters of one agent, as a ledger. Every call reads the log afresh and keeps nothing; all throw
 * TOWLINE_BROKER_UNAVAILABLE, TOWLINE_TOPIC_MISSING, and TOWLINE_REGISTRY_UNAVAILABLE where ends cannot be decoded.
 */
export interface DeadLetters {
  /** One pass: entries, exact counts, groups by kind of error. @throws the reason of `signal` when it is aborted */
  list(filter?: DeadLetterFilter, signal?: AbortSignal): Promise<DeadLetterList>
  /**
   * Everything one dead letter says.
   *
   * @param life Default: the latest life with a dead letter.
   * @throws TowlineError TOWLINE_DEAD_LETTER_NOT_FOUND, TOWLINE_OPTION_INVALID when the prefix fits more than one task
   */
  show(idOrPrefix: string, life?: number, signal?: AbortSignal): Promise<DeadLetterDetail>
  /**
   * Sends open dead letters back to the topic they came from, as their next life. Safe to repeat, whatever happened.
   *
   * @throws TowlineError TOWLINE_FILTER_REQUIRED, TOWLINE_OPTION_INVALID; see {@link ResolveReport} for each letter
   */
  redrive(options: ResolveOptions): Promise<ResolveReport>
  /** Resolves open dead letters as purged: they count no more, and their records stay until retention takes them. */
  purge(options: ResolveOptions): Promise<ResolveReport>
}

export function deadLetters({ reader, admin, sender, names, schemas, clock }: DeadLettersOptions): DeadLetters {
  const ports = { reader, admin, names, clock, sender, ends: avroCodec(taskEndSchema, schemas) }
  return {
    async list(filter = {}, signal) {
      return listOf(await scanDeadLetters(ports, letterTest(filter), { ends: 'first', ...(signal && { signal }) }))
    },
    show: (idOrPrefix, life, signal) => showDeadLetter(ports, schemas, { idOrPrefix, life, signal }),
    redrive(options) {
      const redriveId = newTaskId(clock.nowMs())
      return resolveLetters(ports, options, 'all', (ledger) => redriveAction(ports, ledger, options, redriveId))
    },
    purge: (options) => resolveLetters(ports, options, 'first', () => Promise.resolve(purgeAction(ports, options))),
  }
}
