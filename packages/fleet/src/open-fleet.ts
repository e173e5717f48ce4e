import process from 'node:process'
import { systemClock } from '@towline/kafka'
import pino from 'pino'
import { resolveConfig } from './config/resolve-config.ts'
import type { TowlineConfig } from './config/towline-config.ts'
import { createFleet } from './create-fleet.ts'
import type { Fleet } from './fleet.ts'

/**
 * A fleet of this process: settings from `config` and the environment, the machine's clock, log lines on standard error.
 *
 * ```ts
 * await using fleet = await openFleet({ agents: [researcherAgent] })
 * await using runner = await fleet.runner()
 * await runner.start()
 * ```
 *
 * @throws TowlineError TOWLINE_CONFIG_INVALID, TOWLINE_OPTION_INVALID
 */
export async function openFleet(config: TowlineConfig = {}): Promise<Fleet> {
  const resolved = resolveConfig(config, {}, process.env)
  const log = pino({ level: resolved.logLevel, base: null }, pino.destination(2))
  return await createFleet(resolved, { clock: systemClock, log })
}
