import type { PlanStep } from '@towline/kafka'
import { Command } from 'commander'
import type { Cli } from '../cli.ts'
import { withExamples } from '../example.ts'
import { EXIT, type ExitCode } from '../exit-codes.ts'
import { fleetWithAgents } from '../open-fleet.ts'
import { plural } from '../output/format-value.ts'
import type { Column } from '../output/table.ts'
import type { Session } from '../session.ts'

export function topicsCommand(cli: Cli): Command {
  const plan = new Command('plan')
    .description('What stands between the configured agents and the topics that exist; changes nothing')
    .action(cli.action(planTopics))
  withExamples(plan, [
    ['towline topics plan', 'what apply would do'],
    ['towline topics plan -o json', 'as JSON; exit code 6 when a topic breaks a promise'],
  ])
  const apply = new Command('apply')
    .description('Create missing topics, add partitions where that is safe; never deletes or changes a setting')
    .option('-y, --yes', 'accepted for scripts; nothing this verb does needs it')
    .action(cli.action(applyTopics, 'own'))
  withExamples(apply, [['towline topics apply --brokers kafka-1:9092', 'safe to repeat']])
  return new Command('topics').description('The topics of the configured agents').addCommand(plan).addCommand(apply)
}

const STEP_COLUMNS: readonly Column<PlanStep>[] = [
  { title: '', value: ({ kind }) => MARK[kind] },
  { title: 'topic', value: ({ topic }) => topic },
]

const MARK: { readonly [Kind in PlanStep['kind']]: string } = {
  create: '+',
  'add-partitions': '~',
  ok: ' ',
  contradiction: '!',
}

async function planTopics(session: Session): Promise<ExitCode> {
  const fleet = await fleetWithAgents(session)
  return report(session, await fleet.topics.plan(), false)
}

async function applyTopics(session: Session): Promise<ExitCode> {
  const fleet = await fleetWithAgents(session)
  return report(session, await fleet.topics.apply(), true)
}

function report(session: Session, steps: readonly PlanStep[], isApplied: boolean): ExitCode {
  session.out.list({
    name: 'steps',
    rows: steps,
    columns: [...STEP_COLUMNS, { title: 'what', value: (step) => stepText(step, isApplied) }],
    facts: { applied: isApplied },
    whenEmpty: 'No topics.',
  })
  const count = (kind: PlanStep['kind']): number => steps.filter((step) => step.kind === kind).length
  const changes = count('create') + count('add-partitions')
  const wrong = count('contradiction')
  session.say(isApplied ? `${plural(changes, 'change')} applied` : `${plural(changes, 'change')} to apply`)
  if (wrong === 0) return EXIT.ok
  const what = wrong === 1 ? 'breaks a promise; change it as shown' : 'break a promise; change them as shown'
  session.io.stderr.write(`refused: ${plural(wrong, 'setting')} of existing topics ${what}\n`)
  return EXIT.refused
}

function stepText(step: PlanStep, isApplied: boolean): string {
  switch (step.kind) {
    case 'create':
      return `${isApplied ? 'created' : 'create'}, ${plural(step.spec.partitions, 'partition')}, ${plural(step.spec.replicationFactor, 'replica')}`
    case 'add-partitions':
      return `partitions ${step.from} → ${step.to}${isApplied ? ', added' : ''}`
    case 'ok':
      return 'as it should be'
    case 'contradiction':
      return `${step.setting} is ${step.is}, wanted ${step.wanted}: ${step.why}\n${step.wayOut}`
  }
}
