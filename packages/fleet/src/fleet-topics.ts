import { type Agent, DEFAULT_KEYED_DELAYS_MS, DEFAULT_UNKEYED_DELAYS_MS } from '@towline/contracts'
import {
  type AdminPort,
  applyPlan,
  comparePlan,
  type PlannedAgent,
  type PlannedTopic,
  type PlanStep,
  planTopics,
} from '@towline/kafka'
import type { ResolvedConfig } from './config/resolve-config.ts'
import { given } from './given.ts'

/** The topics of a fleet's agents: what they should be, and what it takes. */
export class FleetTopics {
  readonly #config: ResolvedConfig
  readonly #admin: () => Promise<AdminPort>

  constructor(config: ResolvedConfig, admin: () => Promise<AdminPort>) {
    this.#config = config
    this.#admin = admin
  }

  /**
   * What stands between the configuration and the cluster. Changes nothing.
   *
   * @throws TowlineError TOWLINE_TOPIC_MISCONFIGURED when the configuration itself breaks a promise,
   * TOWLINE_BROKER_UNAVAILABLE
   */
  async plan(agents: readonly Agent[] = this.#config.agents): Promise<readonly PlanStep[]> {
    const admin = await this.#admin()
    return await comparePlan(admin, await this.#wanted(admin, agents))
  }

  /** Creates what is missing and adds partitions where that is safe; contradictions are left alone and returned. */
  async apply(agents: readonly Agent[] = this.#config.agents): Promise<readonly PlanStep[]> {
    const admin = await this.#admin()
    return await applyPlan(admin, await this.#wanted(admin, agents))
  }

  async #wanted(admin: AdminPort, agents: readonly Agent[]): Promise<readonly PlannedTopic[]> {
    const { namespace, topics } = this.#config
    return planTopics({
      ...given({ namespace, ...topics }),
      agents: agents.map(plannedAgent),
      brokers: await admin.brokerCount(),
    })
  }
}

function plannedAgent({ agentType, ordering, retry }: Agent): PlannedAgent {
  const usual =
    ordering === 'none' ? DEFAULT_UNKEYED_DELAYS_MS : [...DEFAULT_UNKEYED_DELAYS_MS, ...DEFAULT_KEYED_DELAYS_MS]
  return {
    type: agentType.type,
    tiersMs: retry.tiersMs,
    longestDelayMs: Math.max(...(retry.delaysMs ?? usual)),
  }
}
