import { type Logger, TowlineError } from '@towline/contracts'
import {
  createFleet,
  type Fleet,
  findConfigFile,
  loadConfigFile,
  type ResolvedConfig,
  resolveConfig,
} from '@towline/fleet'
import type { CliIo } from './cli-io.ts'
import { CONFIG_VARIABLE, type GlobalOptions, overridesOf } from './global-options.ts'

/**
 * The configuration of this call. Without a file everything comes from flags, variables and defaults: enough for every
 * verb that needs no agent.
 *
 * @throws TowlineError TOWLINE_CONFIG_UNREADABLE, TOWLINE_CONFIG_INVALID, TOWLINE_OPTION_INVALID
 */
export async function loadConfig(io: CliIo, globals: GlobalOptions): Promise<ResolvedConfig> {
  const variable = io.env[CONFIG_VARIABLE]
  const named = globals.config ?? (variable === '' ? undefined : variable)
  const file = named ?? (await findConfigFile(io.cwd))
  const config = file === undefined ? {} : await loadConfigFile(file, io.cwd)
  return resolveConfig(config, overridesOf(globals), io.env, file ?? 'the configuration')
}

/** Everything below comes from here: connections are made when they are first needed. */
export async function openFleet(io: CliIo, config: ResolvedConfig, log: Logger): Promise<Fleet> {
  return await createFleet(config, { clock: io.clock, log })
}

/**
 * The fleet of a verb that needs handlers.
 *
 * @throws TowlineError TOWLINE_CONFIG_INVALID when the configuration has no agents.
 */
export async function fleetWithAgents(session: { fleet(): Promise<Fleet> }): Promise<Fleet> {
  const fleet = await session.fleet()
  if (fleet.config.agents.length > 0) return fleet
  throw new TowlineError('TOWLINE_CONFIG_INVALID', 'the configuration has no agents', {
    wayOut: 'Name a file by --config whose agents list is not empty, or make a towline.config.ts here',
  })
}
