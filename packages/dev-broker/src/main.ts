// The broker and its registry as a process of their own.
//
//   node src/main.ts [--port 9092] [--advertised-port 19092] [--registry-port 8081] [--host 127.0.0.1] [--nodes 1]
//                    [--data-dir <path>] [--exit-with-parent]
//
// stdout: one line when both are ready, {"brokers":"127.0.0.1:9092","registry":"http://127.0.0.1:8081"}. stderr: for people.
// Stops on SIGTERM and SIGINT and, with --exit-with-parent, when its stdin ends: pipe it and keep the other end.
// Exit codes: 0 stopped as asked, 1 could not start, 2 arguments not understood.

import { parseArgs } from 'node:util'
import { DevBrokerError } from './dev-broker-error.ts'
import { describeEvent, type LogSink } from './log-sink.ts'
import { type StartDevBrokerOptions, startDevBroker } from './start-dev-broker.ts'

interface Arguments {
  readonly options: StartDevBrokerOptions
  readonly exitsWithParent: boolean
}

const logToStderr: LogSink = (level, message, fields) => {
  process.stderr.write(`dev-broker ${level}: ${describeEvent(message, fields)}\n`)
}

function readArguments(args: readonly string[]): Arguments {
  const { values } = parseArgs({
    args: [...args],
    options: {
      host: { type: 'string', default: '127.0.0.1' },
      port: { type: 'string', default: '9092' },
      'advertised-port': { type: 'string', default: '0' },
      'registry-port': { type: 'string', default: '8081' },
      nodes: { type: 'string', default: '1' },
      'data-dir': { type: 'string' },
      'exit-with-parent': { type: 'boolean', default: false },
    },
  })
  const options = {
    host: values.host,
    port: Number(values.port),
    advertisedPort: Number(values['advertised-port']),
    registryPort: Number(values['registry-port']),
    nodes: Number(values.nodes),
    dataDir: values['data-dir'] ?? null,
  }
  return { options: { ...options, log: logToStderr }, exitsWithParent: values['exit-with-parent'] }
}

async function run({ options, exitsWithParent }: Arguments): Promise<void> {
  const running = await startDevBroker(options)
  const stop = (): void => {
    if (exitsWithParent) process.stdin.destroy()
    void running.stop()
  }
  // A limit on the size of files (ulimit -f) is an error of the write then, as a full disk is, instead of the end.
  process.on('SIGXFSZ', () => undefined)
  process.once('SIGTERM', stop).once('SIGINT', stop)
  if (exitsWithParent) process.stdin.once('end', stop).once('close', stop).resume()
  process.stdout.write(`${JSON.stringify({ brokers: running.brokers, registry: running.registryUrl })}\n`)
}

function exitCodeOf(error: unknown): number {
  const isUsage = error instanceof DevBrokerError ? error.code === 'TOWLINE_DEV_BROKER_OPTION_INVALID' : true
  return isUsage ? 2 : 1
}

try {
  await run(readArguments(process.argv.slice(2)))
} catch (error) {
  process.stderr.write(`dev-broker: ${error instanceof Error ? error.message : String(error)}\n`)
  process.exitCode = exitCodeOf(error)
}
