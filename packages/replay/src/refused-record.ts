import { isTowlineError, TowlineError } from '@towline/contracts'
import type { Admitted } from './sent-ledger.ts'

/** The error of a send; of a record that the target will never take it names the position, for somebody must act on it. */
export function namingRecord(error: unknown, topic: string, { partition, offset }: Admitted): unknown {
  if (!isTowlineError(error, 'TOWLINE_PAYLOAD_TOO_LARGE')) return error
  const position = `${topic}/${partition}/${offset}`
  return new TowlineError(
    'TOWLINE_PAYLOAD_TOO_LARGE',
    `the target refuses the record of ${position}: ${error.message}`,
    {
      value: position,
      ...(error.bound === undefined ? {} : { bound: error.bound }),
      wayOut: "Raise the target's max.message.bytes above that of the source and resume",
      cause: error,
    },
  )
}
