import type { AdminPort } from '../ports/admin-port.ts'
import { diffPlan, type PlanStep } from './topic-diff.ts'
import type { PlannedTopic } from './topic-plan.ts'

/** What it would take to make a cluster follow a plan. Changes nothing. */
export async function comparePlan(admin: AdminPort, planned: readonly PlannedTopic[]): Promise<readonly PlanStep[]> {
  return diffPlan(planned, await admin.describeTopics(planned.map(({ topic }) => topic)))
}

/**
 * Creates the topics that are missing and adds partitions where that is safe. Contradictions are left alone and among
 * the steps returned; applying again is harmless.
 *
 * @throws TowlineError TOWLINE_BROKER_UNAVAILABLE
 */
export async function applyPlan(admin: AdminPort, planned: readonly PlannedTopic[]): Promise<readonly PlanStep[]> {
  const steps = await comparePlan(admin, planned)
  const missing = steps.filter((step) => step.kind === 'create').map(({ spec }) => spec)
  if (missing.length > 0) await admin.createTopics(missing)
  for (const step of steps) {
    if (step.kind === 'add-partitions') await admin.addPartitions(step.topic, step.to)
  }
  return steps
}
