import {
  AvroCodec,
  type DeadReason,
  type End,
  type Failure,
  HEADER,
  idOfKey,
  newTaskId,
  readEnvelope,
  type SchemaSource,
  TowlineError,
  topicNames,
} from '@towline/contracts'
import { ManualClock } from '@towline/test-brokers'
import { type DeadLetters, deadLetters } from '../src/dead-letters.ts'
import { createFailureRouter } from '../src/failure-router.ts'
import { MemoryLog, type StoredRecord } from './memory-log.ts'
import { inputSchema, resultOf, resultSchema } from './schemas.ts'
import { AT_MS, failure } from './task-fixtures.ts'

export const names = topicNames('digest')

const RESULT_ID = 11
const INPUT_ID = 12
/** A registry that can be out. */
export class TestSchemas implements SchemaSource {
  isOut = false

  async schemaOf(id: number): Promise<string | null> {
    if (this.isOut) throw new TowlineError('TOWLINE_REGISTRY_UNAVAILABLE', 'the registry is out', { retriable: true })
    return id === RESULT_ID ? resultSchema.text : id === INPUT_ID ? inputSchema.text : null
  }

  async idOf(): Promise<number | null> {
    return null
  }
}

export interface Published {
  readonly record: StoredRecord
  readonly taskId: string
}

/** One agent's topics with everything that reads and writes dead letters, and the little of a runner they need. */
export class DeadLetterWorld {
  readonly clock = new ManualClock(AT_MS)
  readonly log: MemoryLog = new MemoryLog(this.clock, {
    [names.tasks]: 4,
    [names.replay]: 2,
    [names.dlq]: 3,
    [names.results]: 4,
  })
  readonly schemas = new TestSchemas()
  readonly letters: DeadLetters = this.open()
  readonly #router = createFailureRouter({ sender: this.log.sender, names, clock: this.clock })
  readonly #results = new AvroCodec(resultSchema, this.schemas)
  readonly #inputs = new AvroCodec(inputSchema, this.schemas)

  /** A second operator: nothing is shared but the log. */
  open(): DeadLetters {
    const { reader, admin, sender } = this.log
    return deadLetters({ reader, admin, sender, names, schemas: this.schemas, clock: this.clock })
  }

  publish(fields: { path?: string; key?: string; topic?: string; headers?: Record<string, string> } = {}): Published {
    const taskId = fields.headers?.[HEADER.ceId] ?? newTaskId(this.clock.nowMs())
    const value = this.#inputs.encode({ path: fields.path ?? 'README.md' }, INPUT_ID)
    const headers = { [HEADER.ceId]: taskId, ...fields.headers }
    const record = this.log.append(fields.topic ?? names.tasks, {
      key: Buffer.from(fields.key ?? taskId),
      value,
      headers,
    })
    return { record, taskId }
  }

  async kill(
    { record }: Published,
    reason: DeadReason = 'attempts-exhausted',
    cause: Failure = this.failure(),
  ): Promise<void> {
    await this.#router.deadLetter({ record, envelope: readEnvelope(record).envelope }, reason, cause, () => 'send')
  }

  /** One that happens now. */
  failure(message = 'it broke'): Failure {
    return failure(message, 1, this.clock.nowMs())
  }

  end(taskId: string, life: number, end: End | string): StoredRecord {
    const value = this.#results.encode(resultOf(taskId, life, end, this.clock.nowMs()), RESULT_ID)
    return this.log.append(names.results, { key: Buffer.from(taskId), value, headers: {} })
  }

  /** A task that died the usual way: letter, then end. */
  async die(fields: Parameters<DeadLetterWorld['publish']>[0] = {}, cause = this.failure()): Promise<Published> {
    const published = this.publish(fields)
    await this.kill(published, 'attempts-exhausted', cause)
    this.end(published.taskId, readEnvelope(published.record).envelope.life, 'dead-lettered')
    return published
  }

  /** What a runner makes of a topic: the (id, life) it would run, repeats dropped. */
  livesOn(topic: string): string[] {
    const lives = this.log.records(topic).map((record) => readEnvelope(record).envelope)
    return [...new Set(lives.map(({ taskId, life }) => `${taskId}/${life}`))]
  }
}

/** An id that tells no time. */
export function keyedId(key: string): string {
  return idOfKey('digest', undefined, key)
}
