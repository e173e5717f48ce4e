import process from 'node:process'
import type { ContenderMessage, RoundRequest } from './messages.ts'

/** Runs a round for every job the bench sends. The process ends with the bench. */
export function serveRounds<Job, Result, Told = never>(
  run: (job: Job, tell: (what: Told) => void) => Promise<Result>,
): void {
  const send = (message: ContenderMessage): void => void process.send?.(message)
  process.on('disconnect', () => process.exit(0))
  process.on('message', ({ round, job }: RoundRequest) => {
    run(job as Job, (what) => send({ kind: 'told', what })).then(
      (result) => send({ kind: 'done', round, result }),
      (error: unknown) =>
        send({
          kind: 'failed',
          round,
          reason: error instanceof Error ? (error.stack ?? error.message) : String(error),
        }),
    )
  })
}
