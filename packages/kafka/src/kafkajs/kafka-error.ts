import { isTowlineError, TowlineError } from '@towline/contracts'
import { brokerUnavailable, topicMissing } from '../ports/port-errors.ts'

/** What a failed call was about, for its message. */
export interface FailedCall {
  /** `read offsets of`, `create`, … */
  readonly doing: string
  /** The topic, group or address concerned. */
  readonly subject: string
  readonly brokers: readonly string[]
}

/** Fields of kafkajs's errors; read without trusting that `thrown` is one. */
interface KafkajsErrorFields {
  readonly name: string
  readonly type: string
  readonly message: string
  readonly retriable: boolean
}

const NO_ANSWER = new Set([
  'KafkaJSConnectionError',
  'KafkaJSConnectionClosedError',
  'KafkaJSRequestTimeoutError',
  'KafkaJSLockTimeout',
  'KafkaJSBrokerNotFound',
  'KafkaJSNoBrokerAvailableError',
])

/** Kafka's answers that end with a metadata refresh, an election or a coordinator's start. */
const PASSING = new Set([
  'LEADER_NOT_AVAILABLE',
  'NOT_LEADER_FOR_PARTITION',
  'NOT_CONTROLLER',
  'REQUEST_TIMED_OUT',
  'BROKER_NOT_AVAILABLE',
  'REPLICA_NOT_AVAILABLE',
  'NETWORK_EXCEPTION',
  'GROUP_LOAD_IN_PROGRESS',
  'GROUP_COORDINATOR_NOT_AVAILABLE',
  'NOT_COORDINATOR_FOR_GROUP',
  'KAFKA_STORAGE_ERROR',
  'FENCED_LEADER_EPOCH',
  'UNKNOWN_LEADER_EPOCH',
  'OFFSET_NOT_AVAILABLE',
  'UNSTABLE_OFFSET_COMMIT',
])

/** Kafka's word for an error it answered, or '' when the error is none of Kafka's. */
export function errorTypeOf(thrown: unknown): string {
  return fieldsOf(thrown).type
}

/** Nobody answered: the connection could not be made, was lost, or stayed silent. */
export function isNoAnswer(thrown: unknown): boolean {
  return NO_ANSWER.has(fieldsOf(thrown).name) || isTowlineError(thrown, 'TOWLINE_BROKER_UNAVAILABLE')
}

/** The same call may succeed a moment later. */
export function isPassing(thrown: unknown): boolean {
  return isNoAnswer(thrown) || PASSING.has(fieldsOf(thrown).type)
}

/** Turns what a call threw into a Towline error. Total. */
export function towlineErrorOf(thrown: unknown, call: FailedCall): TowlineError {
  if (isTowlineError(thrown)) return thrown
  const { type, message } = fieldsOf(thrown)
  if (type === 'UNKNOWN_TOPIC_OR_PARTITION') return topicMissing(call.subject, thrown)
  if (type === 'INVALID_TOPIC_EXCEPTION') {
    return new TowlineError('TOWLINE_NAME_INVALID', `Kafka accepts no topic named "${call.subject}"`, {
      value: call.subject,
      wayOut: 'Choose another name',
      cause: thrown,
    })
  }
  if (isPassing(thrown)) return brokerUnavailable(call.brokers, thrown)
  const word = type === '' ? '' : ` (${type})`
  return new TowlineError(
    'TOWLINE_KAFKA_REFUSED',
    `Kafka refused to ${call.doing} ${call.subject}: ${message}${word}`,
    { value: call.subject, wayOut: 'Grant what is missing, or change what Kafka names', cause: thrown },
  )
}

function fieldsOf(thrown: unknown): KafkajsErrorFields {
  const fields = typeof thrown === 'object' && thrown !== null ? (thrown as Record<string, unknown>) : {}
  const text = (name: string): string => (typeof fields[name] === 'string' ? fields[name] : '')
  return {
    name: text('name'),
    type: text('type'),
    message: text('message') === '' ? String(thrown) : text('message'),
    retriable: fields['retriable'] === true,
  }
}
