import { TowlineError, type TowlineErrorDetails } from '@towline/contracts'

export function replayInvalid(message: string, details: TowlineErrorDetails = {}): TowlineError {
  return new TowlineError('TOWLINE_REPLAY_INVALID', message, {
    wayOut: 'Correct the selection; --dry-run shows what it holds',
    ...details,
  })
}
