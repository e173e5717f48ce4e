import type { ConfigOverrides } from '@towline/fleet'
import { type Command, Option } from 'commander'
import { OUTPUT_FORMATS, type OutputFormat } from './output/output.ts'

/** What every verb takes, wherever it stands on the command line. */
export interface GlobalOptions {
  readonly config?: string
  readonly brokers?: string
  readonly registry?: string
  readonly namespace?: string
  readonly logLevel?: string
  readonly output: OutputFormat
  readonly quiet?: boolean
  /** False by `--no-progress`. */
  readonly progress: boolean
  readonly verbose?: boolean
}

/** The variable that names the configuration file where `--config` does not. */
export const CONFIG_VARIABLE = 'TOWLINE_CONFIG'

export function addGlobalOptions(program: Command): void {
  program
    .option('-c, --config <file>', `configuration file (variable ${CONFIG_VARIABLE}; default towline.config.ts here)`)
    .option('--brokers <list>', 'bootstrap addresses host:port, comma-separated (TOWLINE_BROKERS)')
    .option('--registry <url>', 'schema registry (TOWLINE_REGISTRY)')
    .option('--namespace <name>', 'prefix of topics and groups (TOWLINE_NAMESPACE)')
    .option('--log-level <level>', 'trace, debug, info, warn, error or silent (TOWLINE_LOG_LEVEL)')
    .addOption(new Option('-o, --output <format>', 'what stdout gets').choices(OUTPUT_FORMATS).default('table'))
    .option('-q, --quiet', 'nothing on stderr but errors')
    .option('--no-progress', 'no progress bars')
    .option('--debug, --verbose', 'stack traces of errors, and log lines of verbs that are otherwise silent')
}

/** The settings that flags give, by option name of the configuration. */
export function overridesOf(globals: GlobalOptions): ConfigOverrides {
  return {
    brokers: globals.brokers,
    'registry.url': globals.registry,
    namespace: globals.namespace,
    'log.level': globals.logLevel,
  }
}
