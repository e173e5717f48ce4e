import type { Agent } from '@towline/contracts'
import { createFleet, type Fleet, resolveConfig } from '@towline/fleet'
import { systemClock } from '@towline/kafka'
import pino from 'pino'
import { benchType } from './bench-task.ts'

/** Where a contender finds its brokers and topics. */
export interface FleetPlace {
  readonly brokers: string
  readonly registry: string
  readonly namespace: string
}

/** A fleet as a user would configure it: every option at its default unless a bench says otherwise. */
export async function benchFleet(
  place: FleetPlace,
  options: { readonly agents?: readonly Agent[]; readonly taskPartitions?: number } = {},
): Promise<Fleet> {
  const { agents = [], taskPartitions = 12 } = options
  const config = resolveConfig(
    { agents, agentTypes: agents.length === 0 ? [benchType] : [], topics: { partitions: { tasks: taskPartitions } } },
    { brokers: place.brokers, 'registry.url': place.registry, namespace: place.namespace },
    {},
  )
  const log = pino({ level: 'warn', base: null }, pino.destination(2))
  return await createFleet(config, { clock: systemClock, log })
}
