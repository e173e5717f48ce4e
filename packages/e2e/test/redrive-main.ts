// Redrives every open dead letter of an agent in a process of its own, for tests that kill it. It is told what to do
// through its environment: TOWLINE_… as `towline`, E2E_TYPE, and E2E_DIE_AT.
import process from 'node:process'
import { createFleet, resolveConfig } from '@towline/fleet'
import { systemClock } from '@towline/kafka'
import { driverOfEnvironment } from './dying-driver.ts'
import { silent } from './silent.ts'

const config = resolveConfig({ agents: [] }, {}, process.env)
const environment = { clock: systemClock, log: silent, ...driverOfEnvironment(config, silent) }
const fleet = await createFleet(config, environment)
const letters = await fleet.deadLetters(process.env['E2E_TYPE'] ?? '')
const { counts } = await letters.redrive({ all: true, by: 'test' })
await fleet.close()
process.exit(counts.failed === 0 ? 0 : 1)
