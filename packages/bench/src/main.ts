// npm run bench -w packages/bench -- <name> [--records N] [--rounds N] [--broker host:port --registry url]
import { Command } from 'commander'
import type { Bench, BenchOptions } from './bench.ts'
import { BENCHES } from './benches.ts'
import { benchBroker } from './ground/bench-broker.ts'
import { machine } from './measure/machine.ts'

interface Flags extends Partial<BenchOptions> {
  readonly broker?: string
  readonly registry?: string
}

const program = new Command('bench').description('Towline beside the same work hand-written on plain kafkajs')
for (const bench of BENCHES) {
  program
    .command(bench.name)
    .description(bench.summary)
    .option('--records <n>', `tasks of one round (default: ${bench.defaults.records})`, wholeNumber)
    .option('--rounds <n>', `rounds that count (default: ${bench.defaults.rounds})`, wholeNumber)
    .option('--broker <host:port>', 'a Kafka; default: a dev broker in a process of its own')
    .option('--registry <url>', 'the schema registry beside it')
    .action((flags: Flags) => report(bench, flags))
}
await program.parseAsync()

/** Prints one JSON document. */
async function report(bench: Bench, { broker, registry, ...given }: Flags): Promise<void> {
  const options = { ...bench.defaults, ...given }
  await using running = await benchBroker({ ...(broker && { broker }), ...(registry && { registry }) })
  const result = await bench.run(running, options)
  const document = { bench: bench.name, ...options, machine: machine(running.description), ...result }
  process.stdout.write(`${JSON.stringify(document, null, 2)}\n`)
}

function wholeNumber(text: string): number {
  const value = Number(text)
  if (Number.isSafeInteger(value) && value > 0) return value
  throw new Error(`must be a whole number of at least 1, got ${text}`)
}
