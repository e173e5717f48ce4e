import cliProgress from 'cli-progress'
import type { CliIo } from '../cli-io.ts'

/** Progress of long work, on stderr. */
export interface Progress {
  /** `total` may grow while it is counted. */
  update(done: number, total?: number): void
  stop(): void
}

const SILENT: Progress = { update: () => undefined, stop: () => undefined }

/** A bar with rate and time left, on a terminal only: nothing when stderr is piped or the user asked for silence. */
export function createProgress(io: CliIo, isWanted: boolean, label: string, total: number): Progress {
  if (!isWanted || io.stderr.isTTY !== true) return SILENT
  const bar = new cliProgress.SingleBar({
    stream: io.stderr,
    format: `${label} {bar} {percentage}% | {value}/{total} | {rate}/s | {eta_formatted} left`,
    barCompleteChar: '█',
    barIncompleteChar: '░',
    hideCursor: true,
    clearOnComplete: true,
    gracefulExit: false,
  })
  const startedMs = io.clock.monotonicMs()
  const rateOf = (done: number): number => Math.round((done * 1_000) / Math.max(1, io.clock.monotonicMs() - startedMs))
  bar.start(total, 0, { rate: 0 })
  return {
    update(done, newTotal) {
      if (newTotal !== undefined) bar.setTotal(newTotal)
      bar.update(done, { rate: rateOf(done) })
    },
    stop: () => bar.stop(),
  }
}
