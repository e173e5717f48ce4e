import type { ResolvedConfig } from './config/resolve-config.ts'
import { ConfiguredFleet } from './configured-fleet.ts'
import type { Fleet, FleetEnvironment } from './fleet.ts'

/** Composes a fleet. Async for what may have to be loaded later; today nothing is connected or read here. */
export async function createFleet(config: ResolvedConfig, environment: FleetEnvironment): Promise<Fleet> {
  return new ConfiguredFleet(config, environment)
}
