import { isTowlineError, TowlineError } from '@towline/contracts'
import { brokerUnavailable, topicMissing } from '../../ports/port-errors.ts'

interface ErrorMeaning {
  readonly code: number
  /** The same call may succeed a moment later. */
  readonly passes: boolean
}

const fails = (code: number): ErrorMeaning => ({ code, passes: false })
const passes = (code: number): ErrorMeaning => ({ code, passes: true })

export type BrokerErrorType =
  | 'UNKNOWN_SERVER_ERROR'
  | 'OFFSET_OUT_OF_RANGE'
  | 'UNKNOWN_TOPIC_OR_PARTITION'
  | 'LEADER_NOT_AVAILABLE'
  | 'NOT_LEADER_OR_FOLLOWER'
  | 'MESSAGE_TOO_LARGE'
  | 'OFFSET_METADATA_TOO_LARGE'
  | 'COORDINATOR_LOAD_IN_PROGRESS'
  | 'COORDINATOR_NOT_AVAILABLE'
  | 'NOT_COORDINATOR'
  | 'INVALID_TOPIC_EXCEPTION'
  | 'ILLEGAL_GENERATION'
  | 'UNKNOWN_MEMBER_ID'
  | 'REBALANCE_IN_PROGRESS'
  | 'GROUP_AUTHORIZATION_FAILED'
  | 'INVALID_CONFIG'
  | 'NOT_CONTROLLER'
  | 'NON_EMPTY_GROUP'

/** Kafka's errors as the memory cluster answers them (https://kafka.apache.org/protocol#protocol_error_codes). */
const BROKER_ERRORS: Readonly<Record<BrokerErrorType, ErrorMeaning>> = {
  UNKNOWN_SERVER_ERROR: fails(-1),
  OFFSET_OUT_OF_RANGE: fails(1),
  UNKNOWN_TOPIC_OR_PARTITION: fails(3),
  LEADER_NOT_AVAILABLE: passes(5),
  NOT_LEADER_OR_FOLLOWER: passes(6),
  MESSAGE_TOO_LARGE: fails(10),
  OFFSET_METADATA_TOO_LARGE: fails(12),
  COORDINATOR_LOAD_IN_PROGRESS: passes(14),
  COORDINATOR_NOT_AVAILABLE: passes(15),
  NOT_COORDINATOR: passes(16),
  INVALID_TOPIC_EXCEPTION: fails(17),
  ILLEGAL_GENERATION: fails(22),
  UNKNOWN_MEMBER_ID: fails(25),
  REBALANCE_IN_PROGRESS: fails(27),
  GROUP_AUTHORIZATION_FAILED: fails(30),
  INVALID_CONFIG: fails(40),
  NOT_CONTROLLER: passes(41),
  NON_EMPTY_GROUP: fails(68),
}

/** Why a call has no answer: what the broker said instead, by Kafka's name for it, or that nobody answered. */
export class BrokerError extends Error {
  override readonly name = 'BrokerError'
  readonly type: BrokerErrorType | 'NO_ANSWER'

  constructor(type: BrokerErrorType | 'NO_ANSWER', message: string = type) {
    super(message)
    this.type = type
  }
}

export function brokerErrorOfCode(code: number): BrokerError {
  for (const [type, meaning] of Object.entries(BROKER_ERRORS)) {
    if (meaning.code === code) return new BrokerError(type as BrokerErrorType)
  }
  return new BrokerError('UNKNOWN_SERVER_ERROR')
}

/** The kind of a failed call, or '' where it is none of the broker's. */
export function errorTypeOf(thrown: unknown): BrokerError['type'] | '' {
  return thrown instanceof BrokerError ? thrown.type : ''
}

/** The same call may succeed a moment later. */
export function isPassing(thrown: unknown): boolean {
  const type = errorTypeOf(thrown)
  return type === 'NO_ANSWER' || (type !== '' && BROKER_ERRORS[type].passes)
}

/** What a call to the cluster threw, as the ports throw it. Total. `subject` is the topic or group concerned. */
export function portErrorOf(thrown: unknown, doing: string, subject: string): TowlineError {
  if (isTowlineError(thrown)) return thrown
  const type = errorTypeOf(thrown)
  const message = thrown instanceof Error ? thrown.message : String(thrown)
  if (type === 'UNKNOWN_TOPIC_OR_PARTITION') return topicMissing(subject, thrown)
  if (type === 'INVALID_TOPIC_EXCEPTION') {
    return new TowlineError('TOWLINE_NAME_INVALID', `Kafka accepts no topic named "${subject}"`, {
      value: subject,
      cause: thrown,
    })
  }
  if (type === 'INVALID_CONFIG') {
    return new TowlineError('TOWLINE_TOPIC_MISCONFIGURED', `Kafka refused to ${doing} "${subject}": ${message}`, {
      value: subject,
      cause: thrown,
    })
  }
  if (isPassing(thrown)) return brokerUnavailable(['memory'], thrown)
  return new TowlineError('TOWLINE_KAFKA_REFUSED', `Kafka refused to ${doing} ${subject}: ${message}`, {
    value: subject,
    cause: thrown,
  })
}
