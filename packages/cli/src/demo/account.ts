import {
  type AvroCodec,
  avroCodec,
  formatLife,
  HEADER,
  headerText,
  parseTopicName,
  type ReadEnvelope,
  readEnvelope,
  type SchemaSource,
  TaskResult,
  topicNames,
} from '@towline/contracts'
import type { AdminPort, KafkaRecord, ReaderPort, TopicPartition } from '@towline/kafka'

/** What the topics of an agent say became of its tasks. Counts are of tasks, not of records. */
export interface Account {
  /** Tasks of life 1 in `.tasks`. */
  readonly published: number
  /** First ends of life 1, by kind. */
  readonly succeeded: number
  readonly deadLettered: number
  /** Published and without an end. */
  readonly lost: number
  /** (id, life) with more than one end record: the later ones count for nothing. */
  readonly endedTwice: number
  /** Ends whose record says that the task may have run before: an upper bound on what ran twice. */
  readonly ranTwice: number
  /** Attempts that went through a retry tier. */
  readonly retried: number
  /** (id, life) of life 2 and more in `.tasks`. */
  readonly redriven: number
  /** Redriven ones that ended, whichever way. */
  readonly redrivenEnded: number
  /** Dead letters without a resolution, whose life ended as one. */
  readonly openDeadLetters: number
  /** Lives that ended dead-lettered and of which `.dlq` has no letter. */
  readonly missingLetters: number
  /** Tasks in `.replay`, and those of them that ended. */
  readonly replayed: number
  readonly replayedEnded: number
}

export interface AccountContext {
  readonly reader: ReaderPort
  readonly admin: AdminPort
  readonly schemas: SchemaSource
  readonly agentType: string
  readonly namespace?: string
}

interface Letters {
  readonly dead: ReadonlySet<string>
  readonly resolved: ReadonlySet<string>
}

/** Reads every topic of the agent from its start to its end. What no schema decodes is no end. */
export async function takeAccount(context: AccountContext): Promise<Account> {
  const names = topicNames(context.agentType, context.namespace)
  const tasks = await livesIn(context, names.tasks)
  const replays = await livesIn(context, names.replay)
  const ends = await readEnds(context, names.results)
  const letters = await readLetters(context, names.dlq)
  const published = [...tasks].filter((life) => life.endsWith('/1'))
  const redriven = [...tasks].filter((life) => !life.endsWith('/1'))
  const endOf = (life: string) => ends.first.get(life)?.end
  const open = [...letters.dead].filter((life) => !letters.resolved.has(life) && endOf(life) === 'dead-lettered')
  const dead = [...ends.first].filter(([, { end }]) => end === 'dead-lettered')
  return {
    published: published.length,
    succeeded: published.filter((life) => endOf(life) === 'succeeded').length,
    deadLettered: published.filter((life) => endOf(life) === 'dead-lettered').length,
    lost: published.filter((life) => endOf(life) === undefined).length,
    endedTwice: ends.twice.size,
    ranTwice: [...ends.first.values()].filter(({ mayHaveRun }) => mayHaveRun).length,
    retried: await countRetries(context),
    redriven: redriven.length,
    redrivenEnded: redriven.filter((life) => endOf(life) !== undefined).length,
    openDeadLetters: open.length,
    missingLetters: dead.filter(([life]) => !letters.dead.has(life)).length,
    replayed: replays.size,
    replayedEnded: [...replays].filter((life) => endOf(life) !== undefined).length,
  }
}

/** The first end of each (id, life), and those that have more than one. */
async function readEnds(
  context: AccountContext,
  topic: string,
): Promise<{ readonly first: ReadonlyMap<string, TaskResult>; readonly twice: ReadonlySet<string> }> {
  const codec: AvroCodec<TaskResult> = avroCodec(TaskResult, context.schemas)
  const first = new Map<string, TaskResult>()
  const twice = new Set<string>()
  for await (const { record } of readTopic(context, topic)) {
    const decoded = await codec.decode(record.value)
    if (decoded.kind !== 'decoded') continue
    const life = formatLife(decoded.value)
    if (first.has(life)) twice.add(life)
    else first.set(life, decoded.value)
  }
  return { first, twice }
}

/** Every record of a topic as it stands now, partition by partition, in offset order. */
async function* readTopic(
  { reader, admin }: Pick<AccountContext, 'reader' | 'admin'>,
  topic: string,
): AsyncGenerator<{ readonly tp: TopicPartition; readonly record: KafkaRecord }> {
  for (const { partition, low, high } of await admin.offsets(topic)) {
    const tp = { topic, partition }
    if (low === high) continue
    for await (const { records } of reader.read({ tp, from: low, to: high })) {
      for (const record of records) yield { tp, record }
    }
  }
}

async function livesIn(context: AccountContext, topic: string): Promise<ReadonlySet<string>> {
  const lives = new Set<string>()
  for await (const { tp, record } of readTopic(context, topic)) lives.add(formatLife(envelopeOf(tp, record)))
  return lives
}

async function countRetries(context: AccountContext): Promise<number> {
  const runs = new Set<string>()
  for (const topic of await context.admin.topicNames()) {
    const parsed = parseTopicName(topic)
    if (parsed?.kind !== 'retry' || parsed.agent !== context.agentType || parsed.namespace !== context.namespace)
      continue
    for await (const { tp, record } of readTopic(context, topic)) {
      const envelope = envelopeOf(tp, record)
      runs.add(`${formatLife(envelope)}/${envelope.attempt}`)
    }
  }
  return runs.size
}

async function readLetters(context: AccountContext, topic: string): Promise<Letters> {
  const dead = new Set<string>()
  const resolved = new Set<string>()
  for await (const { tp, record } of readTopic(context, topic)) {
    const resolves = headerText(record.headers, HEADER.resolves)
    if (resolves === undefined) dead.add(formatLife(envelopeOf(tp, record)))
    else resolved.add(resolves)
  }
  return { dead, resolved }
}

function envelopeOf(tp: TopicPartition, record: KafkaRecord): ReadEnvelope['envelope'] {
  return readEnvelope({ ...tp, ...record }).envelope
}
