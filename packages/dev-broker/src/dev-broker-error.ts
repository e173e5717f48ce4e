export type DevBrokerErrorCode =
  /** The host asked for is not this machine's loopback. */
  | 'TOWLINE_DEV_BROKER_NOT_LOOPBACK'
  /** Another process listens on the port. */
  | 'TOWLINE_DEV_BROKER_PORT_TAKEN'
  /** The operating system refuses the address for another reason; the cause says which. */
  | 'TOWLINE_DEV_BROKER_CANNOT_LISTEN'
  /** An option is out of its bounds. */
  | 'TOWLINE_DEV_BROKER_OPTION_INVALID'
  /** Another process, or another broker of this one, has the data directory. */
  | 'TOWLINE_DEV_BROKER_DATA_LOCKED'
  /** The data directory holds something this broker has not written so. */
  | 'TOWLINE_DEV_BROKER_DATA_CORRUPT'
  /** The data directory cannot be read or written; the cause says why. */
  | 'TOWLINE_DEV_BROKER_DATA_UNUSABLE'
  /** A fault cannot be brought about in the state the broker is in. */
  | 'TOWLINE_DEV_BROKER_FAULT_REFUSED'

export interface DevBrokerErrorDetails {
  /** What was asked for. */
  readonly value: string
  /** What to do about it: one sentence. */
  readonly wayOut: string
  readonly cause?: unknown
}

/** Why the dev broker or its registry did not start. The message says what happened, to which value, and the way out. */
export class DevBrokerError extends Error {
  override readonly name = 'DevBrokerError'
  readonly code: DevBrokerErrorCode
  readonly value: string
  readonly wayOut: string

  constructor(code: DevBrokerErrorCode, what: string, { value, wayOut, cause }: DevBrokerErrorDetails) {
    super(`${what}. ${wayOut}.`, cause === undefined ? undefined : { cause })
    this.code = code
    this.value = value
    this.wayOut = wayOut
  }
}
