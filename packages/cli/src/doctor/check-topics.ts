import { parseTopicName } from '@towline/contracts'
import type { PlanStep } from '@towline/kafka'
import { plural } from '../output/format-value.ts'
import { type Finding, ok, problem, warning } from './finding.ts'

/** What `towline topics plan` says, a line per agent where all is well or missing. Pure. */
export function checkTopics(steps: readonly PlanStep[]): readonly Finding[] {
  const ofAgents = Map.groupBy(steps, ({ topic }) => parseTopicName(topic)?.agent ?? topic)
  return [...ofAgents].flatMap(([agent, ofAgent]) => checkAgent(agent, ofAgent))
}

const APPLY = 'Run towline topics apply'

function checkAgent(agent: string, steps: readonly PlanStep[]): readonly Finding[] {
  const missing = steps.filter(({ kind }) => kind === 'create').map(({ topic }) => topic)
  const found = steps.flatMap(findingsOf)
  if (missing.length > 0) {
    const lacks = `${plural(missing.length, 'topic')} missing: ${missing.join(', ')}`
    found.unshift(problem('topics', agent, lacks, APPLY))
  }
  return found.length > 0
    ? found
    : [ok('topics', agent, steps.length === 1 ? 'as planned' : `${plural(steps.length, 'topic')}, as planned`)]
}

function findingsOf(step: PlanStep): Finding[] {
  switch (step.kind) {
    case 'create':
    case 'ok':
      return []
    case 'add-partitions':
      return [warning('topics', step.topic, `it has ${step.from} partitions, wanted ${step.to}`, APPLY)]
    case 'contradiction': {
      const message = `${step.setting} is ${step.is}, wanted ${step.wanted}: ${step.why}`
      return [problem('topics', step.topic, message, step.wayOut)]
    }
  }
}
