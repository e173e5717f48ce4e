import {
  type AvroCodec,
  avroCodec,
  type Decoded,
  type Failure,
  isDeadReason,
  isEnd,
  type Logger,
  type SchemaSource,
  TaskResult,
} from '@towline/contracts'
import type { KafkaRecord } from '@towline/kafka'
import type { TaskEnd } from './task-end.ts'

/** Reads ends from the records of a results topic. */
export class EndDecoder {
  readonly #codec: AvroCodec<TaskResult>
  readonly #log: Logger | undefined

  constructor(source: SchemaSource, log: Logger | undefined) {
    this.#codec = avroCodec(TaskResult, source)
    this.#log = log
  }

  /**
   * The end in a record, or null where it is none: anybody may write to a topic.
   *
   * @throws TowlineError TOWLINE_REGISTRY_UNAVAILABLE
   */
  async decode(record: KafkaRecord): Promise<TaskEnd | null> {
    const decoded = await this.#codec.decode(record.value)
    if (decoded.kind === 'decoded' && isEnd(decoded.value.end)) return taskEnd(decoded.value, decoded.value.end)
    const problem = decoded.kind === 'decoded' ? `it ends ${decoded.value.end}` : messageOf(decoded)
    this.#log?.warn({ offset: record.offset, problem }, 'a record of a results topic is no task result: ignored')
    return null
  }
}

function messageOf(decoded: Exclude<Decoded<TaskResult>, { readonly kind: 'decoded' }>): string {
  return decoded.kind === 'undecodable' ? decoded.failureMessage : decoded.message
}

function taskEnd(result: TaskResult, end: TaskEnd['end']): TaskEnd {
  return {
    taskId: result.taskId,
    life: result.life,
    end,
    reason: result.reason !== null && isDeadReason(result.reason) ? result.reason : null,
    attempts: result.attempts,
    mayHaveRun: result.mayHaveRun,
    runnerId: result.runnerId,
    queuedAtMs: result.queuedAt,
    startedAtMs: result.startedAt,
    finishedAtMs: result.finishedAt,
    failure: result.failure === null ? null : failureOf(result.failure),
    parent: result.parent,
    replayId: result.replayId,
    output: result.output === null ? null : Buffer.from(result.output),
  }
}

function failureOf({ stack, ...failure }: NonNullable<TaskResult['failure']>): Failure {
  return stack === null ? failure : { ...failure, stack }
}
