/**
 * The vocabulary of Towline, without I/O.
 *
 * ```ts
 * import { defineAgent, defineAgentType, TerminalError } from '@towline/contracts'
 *
 * export const researcher = defineAgentType({ type: 'researcher', input: ResearchRequest, output: ResearchReport })
 *
 * export const researcherAgent = defineAgent(researcher, {
 *   concurrency: 200,
 *   timeout: '10m',
 *   retry: { maxAttempts: 4, delays: ['1s', '5s', '30s'] },
 *   async run(task, context) {
 *     const response = await fetch(task.url, { signal: context.signal })
 *     if (response.status === 404) throw new TerminalError(`${task.url} does not exist`)
 *     return { note: await response.text() }
 *   },
 * })
 * ```
 */
export {
  type Agent,
  type AgentOptions,
  DEFAULT_KEYED_DELAYS_MS,
  DEFAULT_TIERS,
  DEFAULT_UNKEYED_DELAYS_MS,
  defineAgent,
  delayBeforeRetry,
  ON_SPENT,
  type OnSpent,
  ORDERINGS,
  type Ordering,
  type ResolvedRetryOptions,
  type RetryOptions,
  summedDelays,
} from './agent.ts'
export type { AgentHost, AttemptRequest, HostResult } from './agent-host.ts'
export { type AgentType, defineAgentType } from './agent-type.ts'
export { AvroCodec, avroCodec } from './avro/avro-codec.ts'
export { type AvroSchema, avroSchema } from './avro/avro-schema.ts'
export { FRAME_BYTES, type Frame, frame, framedSchemaId, unframe } from './avro/confluent-frame.ts'
export { type DecodedAny, decodeAny } from './avro/decode-any.ts'
export type { Decoded } from './avro/decoded.ts'
export type { SchemaSource } from './avro/schema-source.ts'
export type { Cancel, Clock } from './clock.ts'
export { type CommitNote, decodeCommitNote, encodeCommitNote, ownerOf, recordHash } from './commit-note.ts'
export { crc32c } from './crc32c.ts'
export { formatDelay, MAX_DURATION_MS, parseDuration } from './duration.ts'
export {
  DEAD_REASONS,
  type DeadReason,
  ENDS,
  type End,
  isDeadReason,
  isEnd,
  RESOLUTIONS,
  type Resolution,
} from './end.ts'
export { type EnvelopeFields, envelopeHeaders } from './envelope-headers.ts'
export { ERROR_CODES, type ErrorCode } from './error-codes.ts'
export {
  FAILURE_CODE_BYTES,
  FAILURE_MESSAGE_BYTES,
  FAILURE_STACK_BYTES,
  type Failure,
  type FailureMoment,
  failureOf,
  truncateUtf8,
} from './failure.ts'
export { formatFailure, parseFailure } from './failure-header.ts'
export { TaskEvent } from './generated/task-event.ts'
export { TaskResult } from './generated/task-result.ts'
export {
  decodeGroupMarker,
  encodeGroupMarker,
  type FinishedRecord,
  type GroupMarker,
  groupMarkerKey,
  type Restoration,
} from './group-marker.ts'
export {
  type HandlerError,
  type HandlerErrorKind,
  handlerErrorKind,
  RateLimitedError,
  RetryAfterError,
  SnoozeError,
  TerminalError,
} from './handler-errors.ts'
export {
  formatLife,
  HEADER,
  HEADER_TEXT_BYTES,
  type HeaderMap,
  type HeaderName,
  headerText,
  type LifeOfTask,
  parseLife,
  userHeaders,
} from './headers.ts'
export { ID_NAMESPACE, idOfChild, idOfKey, idOfRecord, idOfReplay, isTaskId, newTaskId, taskIdTimeMs } from './ids.ts'
export type { Logger } from './logger.ts'
export {
  type AgentSubjects,
  agentWithNamespace,
  checkAgentName,
  checkNamespace,
  clockTopic,
  controlTopic,
  groupIdOf,
  groupsTopic,
  loadTopic,
  MAX_NAME_LENGTH,
  type ParsedTopicName,
  parseTopicName,
  replayGroupId,
  subjects,
  type TopicKind,
  type TopicNames,
  topicNames,
} from './names.ts'
export { NOTE_BODY_MAX_BYTES, NOTE_MAX_CHARACTERS, type NoteSize, noteUpperBoundBytes } from './note/note-size.ts'
export { MAX_NOTED_ATTEMPTS, MAX_NOTED_DELIVERIES, type UnfinishedOffset } from './note/unfinished-offset.ts'
export type { AttemptOutcome, DeferCause } from './outcome.ts'
export { murmur2, partitionFor } from './partitioner.ts'
export { type ReadEnvelope, type RecordWithHeaders, readEnvelope } from './read-envelope.ts'
export type { RetryDecision } from './retry-decision.ts'
export { MAX_LIFE, type RecordPosition, type TaskEnvelope } from './task.ts'
export type { ChildOptions, PublishChild, TaskContext } from './task-context.ts'
export { isTowlineError, TowlineError, type TowlineErrorDetails } from './towline-error.ts'
export { within } from './within.ts'
