// A runner as a process of its own that writes down everything its runner tells, for tests that kill it. It is told what
// to run through its environment: TOWLINE_… as `towline run`, and what agent-of-environment.ts reads. SIGTERM drains it;
// it dies with the process that started it.
import { flushCompileCache } from 'node:module'
import process from 'node:process'
import type { Logger } from '@towline/contracts'
import { createFleet, resolveConfig } from '@towline/fleet'
import { systemClock } from '@towline/kafka'
import { agentOfEnvironment } from './agent-of-environment.ts'
import { driverOfEnvironment } from './dying-driver.ts'
import { follow, type Journal } from './journal.ts'

function journalLog(journal: Journal): Logger {
  const write = (fields: object | string, message?: string): void => {
    const error = typeof fields === 'object' && 'err' in fields ? String(fields.err) : undefined
    journal.write({ kind: 'log', message: message ?? String(fields), ...(error === undefined ? {} : { error }) })
  }
  const log: Logger = { debug() {}, info() {}, warn: write, error: write, child: () => log }
  return log
}

process.on('disconnect', () => process.exit(1))
const { agent, journal } = agentOfEnvironment()
const config = resolveConfig({ agents: [agent] }, {}, process.env)
const log = journalLog(journal)
const fleet = await createFleet(config, { clock: systemClock, log, ...driverOfEnvironment(config, log) })
const runner = await fleet.runner()
follow(runner, journal)
process.once('SIGTERM', () => void drainAndExit())
await runner.start()
process.stdout.write('ready\n')
flushCompileCache() // a process that is killed writes nothing at its end

async function drainAndExit(): Promise<never> {
  await runner.drain()
  await fleet.close()
  process.exit(runner.state === 'stopped' ? 0 : 1)
}
