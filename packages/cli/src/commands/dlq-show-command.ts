import { Command } from 'commander'
import type { Cli } from '../cli.ts'
import { letterText } from '../dlq/letter-rows.ts'
import { withExamples } from '../example.ts'
import { EXIT, type ExitCode } from '../exit-codes.ts'
import { wholeNumber } from '../input/parse-option.ts'
import type { Session } from '../session.ts'

export function dlqShowCommand(cli: Cli): Command {
  const command = new Command('show')
    .description('Everything one dead letter says: error and stack, first failure, origin, decoded payload')
    .argument('<agent>', 'agent type')
    .argument('<id>', 'task id, or the beginning of one')
    .option('--life <n>', 'which life (default: the latest with a dead letter)', wholeNumber(1, 100))
    .action(cli.action(showDeadLetter))
  return withExamples(command, [
    ['towline dlq show digest 019a7b2c', 'by the beginning of its id'],
    ['towline dlq show digest 019a7b2c -o json', 'with the payload as sent, in base64'],
  ])
}

async function showDeadLetter(
  session: Session,
  agent: string,
  id: string,
  options: { readonly life?: number },
): Promise<ExitCode> {
  const letters = await (await session.fleet()).deadLetters(agent)
  const detail = await letters.show(id, options.life, session.io.interrupted)
  const { letter, envelope, key, headers, ...rest } = detail
  const headerTexts = Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, headerText(value)]))
  session.out.document(
    { ...letter, ...rest, queuedAtMs: envelope.queuedAtMs, headers: headerTexts },
    letterText(detail),
  )
  return EXIT.ok
}

type HeaderValue = Buffer | string | null | readonly (Buffer | string | null)[]

function headerText(value: HeaderValue): string | null | readonly (string | null)[] {
  if (Array.isArray(value)) return value.map((item: Buffer | string | null) => headerText(item) as string | null)
  return value === null ? null : String(value)
}
