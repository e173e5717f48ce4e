import type { ConsumerOptions } from '../ports/consumer-port.ts'

export type ResolvedConsumerOptions = Required<ConsumerOptions>

export function resolveConsumerOptions(options: ConsumerOptions): ResolvedConsumerOptions {
  return {
    sessionTimeoutMs: 6_000,
    heartbeatIntervalMs: 500,
    rebalanceTimeoutMs: 10_000,
    maxWaitMs: 250,
    maxBytes: 128 * 1024,
    ...options,
  }
}
