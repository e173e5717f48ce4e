import type { AdminPort } from '@towline/kafka'
import type { RunnerSettings } from './supervisor-messages.ts'

/**
 * An admin port to the cluster of a runner, connected before it is needed: between the death of a process and its
 * take-over stands nothing but the request.
 */
export class StandbyAdmin {
  readonly settings: RunnerSettings
  #opening: Promise<AdminPort> | undefined

  /** Connects in the background; a cluster that does not answer now is asked again when it is needed. */
  constructor(settings: RunnerSettings) {
    this.settings = settings
    this.get().catch(() => undefined)
  }

  /** @throws TowlineError TOWLINE_BROKER_UNAVAILABLE */
  async get(): Promise<AdminPort> {
    this.#opening ??= open(this.settings)
    try {
      return await this.#opening
    } catch (error) {
      this.#opening = undefined
      throw error
    }
  }

  async close(): Promise<void> {
    const admin = await this.#opening?.catch(() => undefined)
    await admin?.close()
  }
}

async function open({ brokers, clientId, ssl, sasl }: RunnerSettings): Promise<AdminPort> {
  const { connectKafka } = await import('@towline/kafka/kafkajs')
  const connection = { brokers, clientId: `${clientId}-supervisor`, ssl, ...(sasl === undefined ? {} : { sasl }) }
  return await connectKafka(connection).admin()
}
