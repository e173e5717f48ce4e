import {
  type AvroCodec,
  avroCodec,
  parseTopicName,
  type SchemaSource,
  TaskResult,
  taskIdTimeMs,
  topicNames,
} from '@towline/contracts'
import type { AdminPort, ReadBatch } from '@towline/kafka'
import type { ReplayState } from './checkpoint.ts'
import { loadCheckpoint } from './checkpoint-store.ts'
import { replayInvalid } from './replay-invalid.ts'
import { OutcomeTally, type ReplayOutcomes } from './replay-outcomes.ts'
import type { ReplayRef } from './replay-plan.ts'
import type { CheckpointAdmin, ReplayReader } from './replay-ports.ts'
import { totals } from './sent-ledger.ts'

/** What became of a replay, from the results topic alone: it needs no process that ran it. */
export interface ReplayReport extends ReplayOutcomes {
  readonly replayId: string
  /** Of the sending; null where the replay has no checkpoint any more (aborted or expired). */
  readonly state: ReplayState | null
  /** Records sent, as of the checkpoint; null without one. */
  readonly records: number | null
  /** Sent and not ended yet; null without a checkpoint. */
  readonly open: number | null
  /** Results that could not be read, of whatever task. */
  readonly unreadable: number
}

export interface ReportPorts {
  readonly admin: CheckpointAdmin & Pick<AdminPort, 'offsets' | 'offsetsAt'>
  readonly reader: ReplayReader
  readonly schemas: SchemaSource
}

/** How far the clock of whoever planned may be ahead of the clocks that stamp results. */
const CLOCK_SKEW_MS = 600_000

/**
 * Reads the results of a replay's tasks, from the time in its id to the log end of now.
 *
 * @throws TowlineError TOWLINE_REPLAY_INVALID when its target is no topic of Towline, so has no results;
 *   TOWLINE_TOPIC_MISSING, TOWLINE_REGISTRY_UNAVAILABLE, TOWLINE_BROKER_UNAVAILABLE
 */
export async function replayReport(
  ref: ReplayRef,
  ports: ReportPorts,
  options: { readonly signal?: AbortSignal } = {},
): Promise<ReplayReport> {
  const checkpoint = await loadCheckpoint(ports.admin, ref)
  const topic = resultsTopicOf(ref, checkpoint?.plan.target)
  const codec = avroCodec(TaskResult, ports.schemas)
  const tally = new OutcomeTally()
  let unreadable = 0
  for (const range of await rangesSince(topic, (taskIdTimeMs(ref.replayId) ?? 0) - CLOCK_SKEW_MS, ports.admin)) {
    const { partition, from, to } = range
    for await (const batch of ports.reader.read({ tp: { topic, partition }, from, to, ...options })) {
      unreadable += await addBatch(batch, ref.replayId, codec, tally)
    }
    tally.endPartition()
  }
  options.signal?.throwIfAborted()
  const outcomes = tally.outcomes()
  const records = checkpoint === null ? null : totals(checkpoint.partitions).records
  return {
    replayId: ref.replayId,
    state: checkpoint?.state ?? null,
    records,
    open: records === null ? null : Math.max(0, records - outcomes.ended),
    ...outcomes,
    unreadable,
  }
}

/** Adds the results of the replay; answers how many of the batch could not be read. */
async function addBatch(
  batch: ReadBatch,
  replayId: string,
  codec: AvroCodec<TaskResult>,
  tally: OutcomeTally,
): Promise<number> {
  let unreadable = 0
  for (const { value } of batch.records) {
    const decoded = codec.decodeCached(value) ?? (await codec.decode(value))
    if (decoded.kind !== 'decoded') unreadable += 1
    else if (decoded.value.replayId === replayId) tally.add(decoded.value)
  }
  return unreadable
}

/** Results stand with the agent that ran the tasks, which `--to-topic` may have made another one. */
function resultsTopicOf(ref: ReplayRef, target: string | undefined): string {
  if (target === undefined) return topicNames(ref.agentType, ref.namespace).results
  const topic = parseTopicName(target)
  if (topic !== null) return topicNames(topic.agent, topic.namespace).results
  throw replayInvalid(`replay ${ref.replayId} wrote to ${target}, which is no topic of an agent: it has no results`, {
    value: target,
  })
}

async function rangesSince(
  topic: string,
  sinceMs: number,
  admin: Pick<AdminPort, 'offsets' | 'offsetsAt'>,
): Promise<readonly { partition: number; from: number; to: number }[]> {
  const since = new Map((await admin.offsetsAt(topic, Math.max(0, sinceMs))).map((at) => [at.partition, at.offset]))
  const offsets = await admin.offsets(topic)
  return offsets
    .map(({ partition, low, high }) => ({ partition, from: Math.max(low, since.get(partition) ?? low), to: high }))
    .filter(({ from, to }) => from < to)
}
