import { join } from 'node:path'
import type { Logger } from '@towline/contracts'
import { createFleet, type Fleet, loadConfigFile, resolveConfig } from '@towline/fleet'
import { systemClock } from '@towline/kafka'
import { type RunningBroker, uniqueNamespace } from '@towline/test-brokers'
import { CliWorld, FIXTURES } from './cli-process.ts'

const silent: Logger = { debug() {}, info() {}, warn() {}, error() {}, child: () => silent }

/** A namespace of its own with the fixtures' topics and schemas, and command lines in it. */
export class World {
  readonly cli: CliWorld
  readonly fleet: Fleet
  readonly namespace: string

  private constructor(cli: CliWorld, fleet: Fleet, namespace: string) {
    this.cli = cli
    this.fleet = fleet
    this.namespace = namespace
  }

  static async on(broker: RunningBroker): Promise<World> {
    const namespace = uniqueNamespace()
    const config = await loadConfigFile(join(FIXTURES, 'towline.config.ts'))
    const overrides = { brokers: broker.brokers.join(','), 'registry.url': broker.registry, namespace }
    const fleet = await createFleet(resolveConfig(config, overrides), { clock: systemClock, log: silent })
    return new World(new CliWorld(broker, namespace), fleet, namespace)
  }

  /** Topics and schemas, as `topics apply` and `schemas push` would make them. */
  async prepare(): Promise<this> {
    await this.fleet.topics.apply()
    await this.fleet.registerSchemas()
    return this
  }

  /** Runs the fixtures' agents in this process until `use` is done. */
  async withRunner<T>(use: () => Promise<T>): Promise<T> {
    const runner = await this.fleet.runner()
    await runner.start()
    try {
      return await use()
    } finally {
      await runner.drain()
    }
  }

  async stop(): Promise<void> {
    await this.cli.stop()
    await this.fleet.close()
  }
}
