import { styleText } from 'node:util'
import cliProgress from 'cli-progress'
import type { CliIo } from '../cli-io.ts'
import { formatCount } from '../output/format-value.ts'
import { printable } from '../output/printable.ts'

/** Where the work of one act stands. */
export interface ActProgress {
  readonly done: number
  /** Records in retry tiers so far. */
  readonly retries: number
  /** Records not yet done, over all topics that runners consume. */
  readonly lag: number
}

export interface ShownProgress {
  update(progress: ActProgress): void
  stop(): void
}

/** How the demo tells what it does: on stderr, for people. */
export interface DemoView {
  /** Starts an act: a numbered line. */
  act(title: string): void
  say(text: string): void
  /** Lines to be copied, never cut. */
  show(lines: readonly string[]): void
  /** What went wrong, also when all else is silent; `details` are lines of others. */
  warn(text: string, details?: readonly string[]): void
  /** Shows progress of the act until `stop`: a bar on a terminal, else a line at each quarter. One at a time. */
  progress(total: number): ShownProgress
}

/** `isQuiet` silences all but warnings; `hasBars` allows bars on a terminal. */
export function createDemoView(io: CliIo, isQuiet: boolean, hasBars: boolean): DemoView {
  let acts = 0
  let bar: Bar | undefined
  const write = (text: string): void => {
    if (bar === undefined) io.stderr.write(text)
    else bar.around(() => io.stderr.write(text))
  }
  const tell = (text: string): void => {
    if (!isQuiet) write(text)
  }
  const say = (text: string): void => tell(`  ${text}\n`)
  return {
    say,
    act(title) {
      acts += 1
      tell(`\n${styleText('bold', `${acts}. ${title}`, { stream: io.stderr })}\n`)
    },
    show(lines) {
      for (const line of lines) tell(line === '' ? '\n' : `  ${line}\n`)
    },
    warn(text, details = []) {
      write(`  ${styleText('yellow', printable(text), { stream: io.stderr })}\n`)
      for (const line of details) write(`    ${printable(line)}\n`)
    },
    progress(total) {
      if (isQuiet || !hasBars || io.stderr.isTTY !== true) return quarters(say, total)
      const shown = new Bar(io, total)
      bar = shown
      return {
        update: (progress) => shown.update(progress),
        stop() {
          bar = undefined
          shown.stop()
          say(doneText(total, shown.last))
        },
      }
    },
  }
}

function doneText(total: number, { done, retries, lag }: ActProgress): string {
  return `${formatCount(done)} of ${formatCount(total)} done, ${formatCount(retries)} retries, lag ${formatCount(lag)}`
}

function quarters(say: (text: string) => void, total: number): ShownProgress {
  let said = 0
  return {
    update(progress) {
      const quarter = Math.floor((progress.done * 4) / Math.max(1, total))
      if (quarter <= said) return
      said = quarter
      say(doneText(total, progress))
    },
    stop: () => undefined,
  }
}

const FORMAT = '  {bar} {value}/{total}  {rate}/s  retries {retries}  lag {lag}'
/** Of the line without the bar, with numbers of five digits. */
const TEXT_WIDTH = 52
const MOST_BAR_WIDTH = 40

/** A bar at the bottom of what was said, which makes room for what is said meanwhile. */
class Bar {
  readonly #io: CliIo
  readonly #total: number
  readonly #bar: cliProgress.SingleBar
  readonly #startedMs: number
  last: ActProgress

  constructor(io: CliIo, total: number) {
    this.#io = io
    this.#total = total
    this.last = { done: 0, retries: 0, lag: total }
    this.#startedMs = io.clock.monotonicMs()
    this.#bar = new cliProgress.SingleBar({
      stream: io.stderr,
      format: FORMAT,
      barsize: Math.max(8, Math.min(MOST_BAR_WIDTH, (io.stderr.columns ?? 80) - TEXT_WIDTH)),
      barCompleteChar: '█',
      barIncompleteChar: '░',
      hideCursor: true,
      clearOnComplete: true,
      gracefulExit: false,
    })
    this.#start()
  }

  update(progress: ActProgress): void {
    this.last = progress
    this.#bar.update(progress.done, this.#payload())
  }

  around(write: () => void): void {
    this.#bar.stop()
    write()
    this.#start()
  }

  stop(): void {
    this.#bar.stop()
  }

  #start(): void {
    this.#bar.start(this.#total, this.last.done, this.#payload())
  }

  #payload(): object {
    const elapsedMs = Math.max(1, this.#io.clock.monotonicMs() - this.#startedMs)
    return { ...this.last, rate: Math.round((this.last.done * 1_000) / elapsedMs) }
  }
}
