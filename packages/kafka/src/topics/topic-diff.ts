import { TowlineError } from '@towline/contracts'
import type { TopicDescription, TopicSpec } from '../ports/admin-port.ts'
import type { PlannedTopic } from './topic-plan.ts'
import { type Contradiction, contradictions, mayAddPartitions } from './topic-rules.ts'

/** What stands between a plan and a cluster, one thing at a time. */
export type PlanStep =
  | { readonly kind: 'create'; readonly topic: string; readonly spec: TopicSpec }
  | { readonly kind: 'add-partitions'; readonly topic: string; readonly from: number; readonly to: number }
  /** It exists and keeps every promise; settings may differ from the plan where no promise depends on them. */
  | { readonly kind: 'ok'; readonly topic: string }
  /** It exists and breaks a promise; only its owner may change it. */
  | ({ readonly kind: 'contradiction'; readonly topic: string; readonly wayOut: string } & Contradiction)

/** Compares a plan with the topics that exist. Pure. */
export function diffPlan(
  planned: readonly PlannedTopic[],
  descriptions: readonly TopicDescription[],
): readonly PlanStep[] {
  const existing = new Map(descriptions.map((description) => [description.topic, description]))
  return planned.flatMap((topic) => diffTopic(topic, existing))
}

function diffTopic(planned: PlannedTopic, descriptions: ReadonlyMap<string, TopicDescription>): readonly PlanStep[] {
  const { topic } = planned
  const existing = descriptions.get(topic)
  if (existing === undefined) return [{ kind: 'create', topic, spec: specOf(planned) }]
  const existingTasks = planned.tasksTopic === null ? undefined : descriptions.get(planned.tasksTopic)
  const steps: PlanStep[] = contradictions({ planned, existing, existingTasks }).map((found) => ({
    kind: 'contradiction',
    topic,
    wayOut: wayOut(topic, found),
    ...found,
  }))
  if (mayAddPartitions(planned.kind) && existing.partitions < planned.partitions) {
    steps.push({ kind: 'add-partitions', topic, from: existing.partitions, to: planned.partitions })
  }
  return steps.length > 0 ? steps : [{ kind: 'ok', topic }]
}

function specOf({ topic, partitions, replicationFactor, configs }: PlannedTopic): TopicSpec {
  return { topic, partitions, replicationFactor, configs }
}

function wayOut(topic: string, { setting, is, wanted }: Contradiction): string {
  if (setting === 'partitions') {
    return `Ask for the ${is} partitions ${topic} has, or drain the agent and make the topic anew with ${wanted}`
  }
  return `kafka-configs --bootstrap-server <broker> --alter --entity-type topics --entity-name ${topic} --add-config ${setting}=${wanted}`
}

/** @throws TowlineError TOWLINE_TOPIC_MISCONFIGURED with the first contradiction, saying how many there are. */
export function refuseContradictions(steps: readonly PlanStep[]): void {
  const found = steps.filter((step) => step.kind === 'contradiction')
  const first = found[0]
  if (first === undefined) return
  const others = found.length === 1 ? '' : ` (and ${found.length - 1} more: see towline topics plan)`
  throw new TowlineError(
    'TOWLINE_TOPIC_MISCONFIGURED',
    `${first.topic} has ${first.setting} ${first.is}, wanted ${first.wanted}: ${first.why}${others}`,
    { value: first.is, bound: first.wanted, wayOut: first.wayOut },
  )
}
