import { createFleet, type Fleet, resolveConfig } from '@towline/fleet'
import { systemClock } from '@towline/kafka'
import { follow, type Journal } from './journal.ts'
import { silent } from './silent.ts'

/**
 * Writes down what every runner tells that a fleet of this process makes from now on. `towline run` gives its
 * configuration no place for listeners, so this wraps the method of all fleets that makes a runner.
 */
export async function followRunners(journal: Journal): Promise<void> {
  const anyFleet = await createFleet(resolveConfig({ agents: [] }, {}, {}), { clock: systemClock, log: silent })
  const methods = Object.getPrototypeOf(anyFleet) as Pick<Fleet, 'runner'>
  const make = methods.runner
  methods.runner = async function (this: Fleet, ...args) {
    const runner = await make.apply(this, args)
    follow(runner, journal)
    return runner
  }
}
