import type { Ordering } from '@towline/contracts'
import { formatCount, plural } from '../output/format-value.ts'
import { type Finding, ok, warning } from './finding.ts'

/** How much of an agent's work can be done at once. */
export interface AgentCapacity {
  readonly agent: string
  readonly ordering: Ordering
  /** Attempts at once in one runner. */
  readonly concurrency: number
  /** Tasks admitted at once in one runner. */
  readonly maxInFlight: number
  /** Of its `.tasks` topic. */
  readonly partitions: number
  /** Members of its group now. */
  readonly runners: number
}

/** Partitions against concurrency × runners. Pure. */
export function checkPartitions(capacity: AgentCapacity): readonly Finding[] {
  const found = [...idleRunners(capacity), ...unusedConcurrency(capacity), ...admission(capacity)]
  return found.length > 0 ? found : [ok('partitions', capacity.agent, capacityText(capacity))]
}

function idleRunners({ agent, partitions, runners }: AgentCapacity): readonly Finding[] {
  if (runners <= partitions) return []
  const message = `${formatCount(runners)} runners share ${plural(partitions, 'partition')}: ${formatCount(runners - partitions)} of them ${runners - partitions === 1 ? 'has' : 'have'} nothing to do`
  const wayOut = `Run at most ${partitions}, or drain the agent and make its topic anew with more partitions`
  return [warning('partitions', agent, message, wayOut)]
}

function unusedConcurrency({ agent, ordering, concurrency, partitions, runners }: AgentCapacity): readonly Finding[] {
  const perRunner = Math.ceil(partitions / Math.max(1, runners))
  if (ordering !== 'partition' || concurrency <= perRunner) return []
  const message = `ordering 'partition' runs one task of a partition at a time: of concurrency ${formatCount(concurrency)} a runner uses at most ${formatCount(perRunner)}`
  return [warning('partitions', agent, message, `Set concurrency to ${perRunner}, or order by key`)]
}

function admission({ agent, concurrency, maxInFlight }: AgentCapacity): readonly Finding[] {
  if (maxInFlight >= concurrency) return []
  const message = `a runner admits ${formatCount(maxInFlight)} tasks at once, below concurrency ${formatCount(concurrency)}, which is never reached`
  const wayOut = `Raise runner.maxInFlight (TOWLINE_MAX_IN_FLIGHT) to ${concurrency} or more, or lower the concurrency`
  return [warning('partitions', agent, message, wayOut)]
}

function capacityText({ ordering, concurrency, partitions, runners }: AgentCapacity): string {
  const most = ordering === 'partition' ? Math.min(partitions, runners * concurrency) : runners * concurrency
  const now =
    runners === 0 ? 'no runner has joined' : `${plural(runners, 'runner')}, at most ${plural(most, 'task')} at once`
  return `${plural(partitions, 'partition')}, ${now}`
}
