import { TowlineError, type TowlineErrorDetails } from '@towline/contracts'

/** The demo cannot go on; that is no fault of whoever called it. */
export function demoFailed(message: string, details: Omit<TowlineErrorDetails, 'wayOut'> = {}): TowlineError {
  return new TowlineError('TOWLINE_DEMO_FAILED', message, {
    ...details,
    wayOut: 'Run it again; if it ends so on an idle machine, report it with its output',
  })
}
