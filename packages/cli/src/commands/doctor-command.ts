import process from 'node:process'
import { styleText } from 'node:util'
import { Command } from 'commander'
import type { Cli } from '../cli.ts'
import { examine } from '../doctor/examine.ts'
import { countLevels, type Finding, type Level } from '../doctor/finding.ts'
import { withExamples } from '../example.ts'
import { EXIT, type ExitCode } from '../exit-codes.ts'
import { plural } from '../output/format-value.ts'
import { printable } from '../output/printable.ts'
import type { Session } from '../session.ts'

interface DoctorOptions {
  readonly measureClock?: boolean
}

export function doctorCommand(cli: Cli): Command {
  const command = new Command('doctor')
    .description('Look at brokers, topics, partitions, registry, clock and Node, and say what to change')
    .option('--measure-clock', 'write two records to towline.clock, made where it is missing, and compare its time')
    .action(cli.action(runDoctor))
  return withExamples(command, [
    ['towline doctor', 'a line per finding; exit code 1 when one is a problem'],
    ['towline doctor --measure-clock -o json', 'the clocks measured too, as JSON'],
  ])
}

async function runDoctor(session: Session, options: DoctorOptions): Promise<ExitCode> {
  const { io, out } = session
  const findings: Finding[] = []
  const skipped: string[] = []
  await examine({
    io,
    fleet: await session.fleet(),
    nodeVersion: process.versions.node,
    measuresClock: options.measureClock === true,
    onFinding(finding) {
      findings.push(finding)
      out.line(finding, lineOf(io.stdout, finding))
    },
    onSkipped: (text) => skipped.push(text),
  })
  const counts = countLevels(findings)
  if (out.format === 'json') out.document({ findings, counts }, '')
  for (const text of skipped) session.say(text)
  session.say(`${plural(counts.problem, 'problem')}, ${plural(counts.warning, 'warning')}, ${counts.ok} ok`)
  return counts.problem === 0 ? EXIT.ok : EXIT.failure
}

const COLOUR = { ok: 'green', warning: 'yellow', problem: 'red' } as const satisfies Record<Level, string>

/** `problem  topics      orders: 6 topics missing: …. Run towline topics apply` */
function lineOf(stream: NodeJS.WriteStream, { level, check, subject, message, wayOut }: Finding): string {
  const label = styleText(COLOUR[level], level.padEnd('problem'.length), { stream })
  const text = `${subject === null ? '' : `${subject}: `}${message}${wayOut === null ? '' : `. ${wayOut}`}`
  return `${label}  ${check.padEnd('partitions'.length)}  ${printable(text)}\n`
}
