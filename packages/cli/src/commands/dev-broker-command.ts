import { startDevBroker } from '@towline/dev-broker'
import { Command } from 'commander'
import type { Cli } from '../cli.ts'
import { withExamples } from '../example.ts'
import { EXIT, type ExitCode } from '../exit-codes.ts'
import { wholeNumber } from '../input/parse-option.ts'
import type { Session } from '../session.ts'

interface DevBrokerOptions {
  readonly port: number
  readonly registryPort: number
}

const port = wholeNumber(0, 65_535)

export function devBrokerCommand(cli: Cli): Command {
  const command = new Command('dev-broker')
    .description('A Kafka broker and a schema registry in this process, for development: in memory, on loopback')
    .option('--port <n>', "the broker's; 0 takes a free one", port, 9092)
    .option('--registry-port <n>', "the registry's; 0 takes a free one", port, 8081)
    .action(cli.action(runDevBroker, 'own'))
  return withExamples(command, [
    ['towline dev-broker', 'on the ports every verb looks at by default'],
    ['towline dev-broker --port 0 --registry-port 0 -o jsonl', 'on free ports, told as one JSON line'],
  ])
}

async function runDevBroker(session: Session, options: DevBrokerOptions): Promise<ExitCode> {
  const { io } = session
  const running = await startDevBroker({ port: options.port, registryPort: options.registryPort })
  try {
    const addresses = { brokers: running.brokers, registry: running.registryUrl, pid: process.pid }
    session.out.document(addresses, `brokers   ${running.brokers}\nregistry  ${running.registryUrl}\n`)
    session.say('For development only: what it holds is in memory and gone when it stops. Stop it by Ctrl-C.')
    await aborted(io.interrupted)
    return EXIT.ok
  } finally {
    await running.stop()
  }
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve()
    else signal.addEventListener('abort', () => resolve(), { once: true })
  })
}
