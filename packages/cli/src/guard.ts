import { TowlineError } from '@towline/contracts'
import { EXIT, type ExitCode } from './exit-codes.ts'
import type { Session } from './session.ts'

export interface GuardOptions {
  readonly yes?: boolean
  readonly dryRun?: boolean
}

/** What a verb is about to change: count, span and estimate, for people and as JSON. */
export interface Intent {
  readonly text: string
  readonly document: object
}

/**
 * Stands before a verb changes many tasks. Undefined = go on; a dry run ends here with the intent on stdout and exit
 * code 0.
 *
 * @throws TowlineError TOWLINE_CONFIRMATION_REQUIRED without `--yes`, with the intent on stderr
 */
export function guard(session: Session, options: GuardOptions, { text, document }: Intent): ExitCode | undefined {
  if (options.dryRun === true) {
    session.out.document(document, `${text}\n`)
    session.say('a dry run: nothing was changed; --yes instead of --dry-run does it')
    return EXIT.ok
  }
  session.say(text)
  if (options.yes === true) return undefined
  throw new TowlineError('TOWLINE_CONFIRMATION_REQUIRED', 'nothing was changed', { wayOut: 'Add --yes to do it' })
}
