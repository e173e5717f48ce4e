import { type AgentType, TowlineError } from '@towline/contracts'
import type { PublishedTask, Towline } from '@towline/producer'
import { Command } from 'commander'
import type { Cli } from '../cli.ts'
import { withExamples } from '../example.ts'
import { EXIT, type ExitCode, exitCodeOf } from '../exit-codes.ts'
import { durationMs } from '../input/parse-option.ts'
import { plural } from '../output/format-value.ts'
import { errorLine } from '../print-error.ts'
import { checkTaskOptions, publishOptionsOf, type TaskOptions } from '../publish/line-options.ts'
import { type LineOutcome, type LinesSummary, publishLines } from '../publish/publish-lines.ts'
import {
  type FailedRow,
  failedRow,
  type PublishedRow,
  publishedRow,
  ResultFailed,
  rowText,
} from '../publish/published-row.ts'
import { type InputOptions, openInput } from '../publish/task-lines.ts'
import type { Session } from '../session.ts'

const DEFAULT_WAIT_MS = 60_000

interface Options extends TaskOptions, InputOptions {
  /** Milliseconds, or true for the default. */
  readonly wait?: number | true
}

export function publishCommand(cli: Cli): Command {
  const command = new Command('publish')
    .description('Publish one task, or one per line of JSON')
    .argument('<agent>', 'agent type of the configuration')
    .argument('[input]', '- reads one JSON document per line from stdin')
    .option('--data <json>', 'the input of one task')
    .option('--file <path>', 'a JSON document; *.jsonl and *.ndjson hold one task per line')
    .option('--key <key>', 'tasks of one key run one after another')
    .option('--key-field <name>', 'take the key from this field of each input')
    .option('--idempotency-key <key>', 'publishing again with the same key gives the same task')
    .option('--idempotency-key-field <name>', 'take it from this field of each input')
    .option('--deadline <duration>', 'the task must start within, such as 1h')
    .option('--tenant <name>', 'for whom the task is')
    .option('--wait [timeout]', 'wait for results (default 1m) and print them', durationMs)
    .action(cli.action(publish, 'own'))
  return withExamples(command, [
    [`towline publish digest --data '{"path":"README.md"}' --wait`, 'one task, and its result'],
    ['towline publish digest --file tasks.jsonl --idempotency-key-field id', 'a file that can be sent again'],
    ['generate-tasks | towline publish digest - -o jsonl', 'from another program'],
  ])
}

async function publish(
  session: Session,
  agent: string,
  operand: string | undefined,
  options: Options,
): Promise<ExitCode> {
  const input = await openInput(session.io, operand, options)
  checkTaskOptions(options, input.kind === 'lines')
  const fleet = await session.fleet()
  const agentType = fleet.agentType(agent)
  const towline = await fleet.connect()
  const send = (value: unknown, line: number | null): Promise<PublishedRow> =>
    publishOne({ session, towline, agentType, options }, value, line)
  if (input.kind === 'one') {
    refuseList(input.value, options.file ?? '--data')
    const row = await send(input.value, null).catch((thrown: unknown) => {
      if (!(thrown instanceof ResultFailed)) throw thrown
      session.out.document(failedRow(null, thrown), `${thrown.taskId}\n`)
      throw thrown.cause
    })
    session.out.document(row, rowText(row))
    return EXIT.ok
  }
  const report = new Report(session, options.wait !== undefined)
  const summary = await publishLines<PublishedRow>(input.lines, {
    publish: send,
    hasRoom: () => towline.bufferedBytes < fleet.config.producer.maxBufferedBytes / 2,
    onOutcome: (outcome) => report.add(outcome),
  })
  return report.end(summary)
}

/** Avro would take a list for a record without any of its fields, and say so in words that help nobody. */
function refuseList(value: unknown, where: string): void {
  if (!Array.isArray(value)) return
  throw new TowlineError('TOWLINE_INPUT_INVALID', `${where} is a list of ${value.length}, a task is one object`, {
    value: where,
    wayOut: 'To publish several write one per line, name the file *.jsonl, or pipe them to -',
  })
}

interface Sending {
  readonly session: Session
  readonly towline: Towline
  readonly agentType: AgentType<unknown, unknown>
  readonly options: Options
}

async function publishOne(sending: Sending, value: unknown, line: number | null): Promise<PublishedRow> {
  const { towline, agentType, options } = sending
  const task = await towline.publish(agentType, value, publishOptionsOf(options, value, line))
  const row = publishedRow(line, task)
  return options.wait === undefined ? row : { ...row, output: await resultOf(sending, task) }
}

async function resultOf({ session, options }: Sending, task: PublishedTask<unknown>): Promise<unknown> {
  const timeoutMs = options.wait === true || options.wait === undefined ? DEFAULT_WAIT_MS : options.wait
  try {
    return await task.result({ timeout: `${timeoutMs}ms`, signal: session.io.interrupted })
  } catch (cause) {
    throw new ResultFailed(task.taskId, cause)
  }
}

/** Prints the outcome of every line as it comes, and the whole at the end. */
class Report {
  readonly #session: Session
  readonly #tasks: PublishedRow[] = []
  readonly #failures: FailedRow[] = []
  /** What is counted are results then. */
  readonly #isWaiting: boolean

  constructor(session: Session, isWaiting: boolean) {
    this.#session = session
    this.#isWaiting = isWaiting
  }

  add(outcome: LineOutcome<PublishedRow>): void {
    const { out, io } = this.#session
    const keeps = out.format === 'json'
    if (outcome.kind === 'done') {
      if (keeps) this.#tasks.push(outcome.result)
      out.line(outcome.result, rowText(outcome.result))
      return
    }
    const row = failedRow(outcome.line, outcome.error)
    if (keeps) this.#failures.push(row)
    out.line(row, '')
    if (io.interrupted.aborted) return
    const cause = outcome.error instanceof ResultFailed ? outcome.error.cause : outcome.error
    const text = errorLine(cause)
    // The error of a bad line names the line itself.
    io.stderr.write(text.includes(`line ${outcome.line} `) ? `${text}\n` : `line ${outcome.line}: ${text}\n`)
  }

  end({ done, failed, firstError, stoppedAfterLine }: LinesSummary): ExitCode {
    const { out, io } = this.#session
    const isInterrupted = io.interrupted.aborted
    if (out.format === 'json') {
      const facts = { published: done, failed, stoppedAfterLine, interrupted: isInterrupted }
      out.document({ ...facts, tasks: this.#tasks, failures: this.#failures }, '')
    }
    const word = this.#isWaiting ? 'succeeded' : 'published'
    this.#session.say(`${plural(done, 'task')} ${word}${failed === 0 ? '' : `, ${plural(failed, 'line')} failed`}`)
    if (stoppedAfterLine !== null) {
      io.stderr.write(
        `stopped: nothing after line ${stoppedAfterLine} was read; send the rest once the cause is gone\n`,
      )
    }
    if (isInterrupted) return EXIT.interrupted
    if (failed === 0) return EXIT.ok
    if (done > 0) return EXIT.partial
    return exitCodeOf(firstError instanceof ResultFailed ? firstError.cause : firstError)
  }
}
