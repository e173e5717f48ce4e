import { type ErrorCode, isTowlineError } from '@towline/contracts'

/** What the process says when it ends. docs/cli.md explains each; scripts may rely on them. */
export const EXIT = {
  ok: 0,
  /** It did not work: a broker, a registry, a topic, a task that failed. */
  failure: 1,
  /** The call itself is wrong: flags, arguments, configuration, input. */
  usage: 2,
  /** Some of it worked: what did not stands on stderr. */
  partial: 3,
  /** What was named does not exist. */
  notFound: 4,
  /** A guard refused: it needs `--yes`, `--all`, a filter or another setting. */
  refused: 6,
  timeout: 124,
  interrupted: 130,
} as const
export type ExitCode = (typeof EXIT)[keyof typeof EXIT]

const EXIT_OF_ERROR: { readonly [Code in ErrorCode]: ExitCode } = {
  TOWLINE_AGENT_INVALID: EXIT.usage,
  TOWLINE_AGENT_UNKNOWN: EXIT.notFound,
  TOWLINE_ATTEMPT_TIMEOUT: EXIT.failure,
  TOWLINE_BROKER_UNAVAILABLE: EXIT.failure,
  TOWLINE_CONFIG_INVALID: EXIT.usage,
  TOWLINE_CONFIG_UNREADABLE: EXIT.usage,
  TOWLINE_CONFIRMATION_REQUIRED: EXIT.refused,
  TOWLINE_CONSUMER_FAILED: EXIT.failure,
  TOWLINE_DEAD_LETTER_NOT_FOUND: EXIT.notFound,
  TOWLINE_DEMO_FAILED: EXIT.failure,
  TOWLINE_DURATION_INVALID: EXIT.usage,
  TOWLINE_FILTER_REQUIRED: EXIT.refused,
  TOWLINE_GROUP_ACTIVE: EXIT.refused,
  TOWLINE_HANDLERS_STUCK: EXIT.failure,
  TOWLINE_HEADER_INVALID: EXIT.usage,
  TOWLINE_INPUT_INVALID: EXIT.usage,
  TOWLINE_INTERNAL: EXIT.failure,
  TOWLINE_KAFKA_REFUSED: EXIT.failure,
  TOWLINE_KAFKAJS_VERSION: EXIT.failure,
  TOWLINE_NAME_INVALID: EXIT.usage,
  TOWLINE_OFFSETS_EXPIRED: EXIT.refused,
  TOWLINE_OFFSET_OUT_OF_RANGE: EXIT.failure,
  TOWLINE_OPTION_INVALID: EXIT.usage,
  TOWLINE_PAYLOAD_TOO_LARGE: EXIT.usage,
  TOWLINE_PRODUCER_CLOSED: EXIT.failure,
  TOWLINE_PRODUCER_FULL: EXIT.failure,
  TOWLINE_PUBLISH_FAILED: EXIT.failure,
  TOWLINE_REDRIVE_LIMIT: EXIT.refused,
  TOWLINE_REGISTRY_UNAVAILABLE: EXIT.failure,
  TOWLINE_REPLAY_INVALID: EXIT.usage,
  TOWLINE_REPLAY_NOT_FOUND: EXIT.notFound,
  TOWLINE_REPLAY_TAKEN_OVER: EXIT.failure,
  TOWLINE_RESULT_TIMEOUT: EXIT.timeout,
  TOWLINE_SCHEMA_INCOMPATIBLE: EXIT.failure,
  TOWLINE_SCHEMA_INVALID: EXIT.failure,
  TOWLINE_SCHEMA_MISMATCH: EXIT.usage,
  TOWLINE_SCHEMA_UNREGISTERED: EXIT.failure,
  TOWLINE_TASK_CANCELLED: EXIT.failure,
  TOWLINE_TASK_DEAD: EXIT.failure,
  TOWLINE_TASK_EXPIRED: EXIT.failure,
  TOWLINE_TASK_NOT_FOUND: EXIT.notFound,
  TOWLINE_TOPIC_MISCONFIGURED: EXIT.refused,
  TOWLINE_TOPIC_MISSING: EXIT.failure,
  TOWLINE_UNDECODABLE: EXIT.failure,
}

/** The exit code of anything thrown; what Towline did not throw on purpose is a failure. */
export function exitCodeOf(thrown: unknown): ExitCode {
  return isTowlineError(thrown) ? (EXIT_OF_ERROR[thrown.code] ?? EXIT.failure) : EXIT.failure
}
