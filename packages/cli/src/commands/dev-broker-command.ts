import { describeEvent, type LogSink, startDevBroker } from '@towline/dev-broker'
import { Command } from 'commander'
import type { Cli } from '../cli.ts'
import { withExamples } from '../example.ts'
import { EXIT, type ExitCode } from '../exit-codes.ts'
import { wholeNumber } from '../input/parse-option.ts'
import type { Session } from '../session.ts'

interface DevBrokerOptions {
  readonly port: number
  readonly registryPort: number
  readonly nodes: number
  readonly dataDir?: string
}

const port = wholeNumber(0, 65_535)

export function devBrokerCommand(cli: Cli): Command {
  const command = new Command('dev-broker')
    .description('A Kafka broker and a schema registry in this process, for development, on loopback')
    .option('--port <n>', "the broker's first; 0 takes free ones", port, 9092)
    .option('--registry-port <n>', "the registry's; 0 takes a free one", port, 8081)
    .option('--nodes <n>', 'broker nodes that share one state, each on a port of its own', wholeNumber(1, 100), 1)
    .option('--data-dir <path>', 'keep everything there over restarts and kills (default: in memory)')
    .action(cli.action(runDevBroker, 'own'))
  return withExamples(command, [
    ['towline dev-broker', 'on the ports every verb looks at by default'],
    ['towline dev-broker --data-dir ./.towline', 'what was acknowledged is there again after a restart, or a kill'],
    ['towline dev-broker --port 0 --registry-port 0 -o jsonl', 'on free ports, told as one JSON line'],
  ])
}

async function runDevBroker(session: Session, options: DevBrokerOptions): Promise<ExitCode> {
  const { io } = session
  const { port, registryPort, nodes } = options
  const dataDir = options.dataDir ?? null
  // A limit on the size of files (ulimit -f) is an error of the write then, as a full disk is, instead of the end.
  process.on('SIGXFSZ', () => undefined)
  const running = await startDevBroker({ port, registryPort, nodes, dataDir, log: warnings(session) })
  try {
    const addresses = { brokers: running.brokers, registry: running.registryUrl, pid: process.pid }
    session.out.document(addresses, `brokers   ${running.brokers}\nregistry  ${running.registryUrl}\n`)
    session.say(`For development only: ${whereItKeeps(dataDir)} Stop it by Ctrl-C.`)
    await aborted(io.interrupted)
    return EXIT.ok
  } finally {
    await running.stop()
  }
}

/** What goes wrong while it runs; that it runs is said otherwise. */
function warnings(session: Session): LogSink {
  return (level, message, fields) => {
    if (level !== 'info') session.say(`${level}: ${describeEvent(message, fields)}`)
  }
}

function whereItKeeps(dataDir: string | null): string {
  return dataDir === null ? 'what it holds is in memory and gone when it stops.' : `what it holds is in ${dataDir}.`
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve()
    else signal.addEventListener('abort', () => resolve(), { once: true })
  })
}
