/**
 * An embedded Kafka-protocol broker with an Avro schema registry, for development and tests: real sockets, in memory or in
 * a directory, loopback only.
 *
 * @example
 * await using broker = await startBroker({ port: 0 })
 * const kafka = new Kafka({ brokers: [broker.address] })
 * broker.faults.add({ api: 'Produce', times: 1, errorCode: KAFKA_ERRORS.NOT_LEADER_OR_FOLLOWER })
 *
 * @module
 */

export type { ApiName } from './apis/api.ts'
export { type DevBroker, startBroker } from './broker.ts'
export type { BrokerOptions } from './broker-options.ts'
export { type CompatibilityCheck, checkCompatibility, type EarlierSchema } from './compatibility/check-compatibility.ts'
export {
  COMPATIBILITY_LEVELS,
  type CompatibilityLevel,
  type Incompatibility,
  type IncompatibilityKind,
} from './compatibility/incompatibility.ts'
export { InvalidAvroSchemaError, type ParsedAvroSchema, parseAvroSchema } from './compatibility/parse-avro-schema.ts'
export { DevBrokerError, type DevBrokerErrorCode } from './dev-broker-error.ts'
export type { Faults } from './faults/broker-faults.ts'
export type { ClientIdPattern, Fault, FaultHandle } from './faults/faults.ts'
export { describeEvent, type LogLevel, type LogSink } from './log-sink.ts'
export { KAFKA_ERRORS, type KafkaErrorName } from './protocol/error-codes.ts'
export {
  type DevRegistry,
  type RegistryOptions,
  type RegistryOutage,
  startRegistry,
} from './registry/start-registry.ts'
export { type DevBrokerWithRegistry, type StartDevBrokerOptions, startDevBroker } from './start-dev-broker.ts'
