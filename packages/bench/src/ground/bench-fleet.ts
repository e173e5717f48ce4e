import type { Agent } from '@towline/contracts'
import { createFleet, type Fleet, type RunnerConfig, resolveConfig } from '@towline/fleet'
import { systemClock } from '@towline/kafka'
import pino from 'pino'
import { benchType } from './bench-task.ts'

/** Where a contender finds its brokers and topics. */
export interface FleetPlace {
  readonly brokers: string
  readonly registry: string
  readonly namespace: string
}

export interface BenchFleetOptions {
  readonly agents?: readonly Agent[]
  /** Default: 12. */
  readonly taskPartitions?: number
  readonly runner?: RunnerConfig
}

/** A fleet as a user would configure it: every option at its default unless a bench says otherwise. */
export async function benchFleet(place: FleetPlace, options: BenchFleetOptions = {}): Promise<Fleet> {
  const { agents = [], taskPartitions = 12, runner = {} } = options
  const agentTypes = agents.length === 0 ? [benchType] : []
  const config = resolveConfig(
    { agents, agentTypes, topics: { partitions: { tasks: taskPartitions } }, runner },
    { brokers: place.brokers, 'registry.url': place.registry, namespace: place.namespace },
    {},
  )
  const log = pino({ level: 'warn', base: null }, pino.destination(2))
  return await createFleet(config, { clock: systemClock, log })
}
