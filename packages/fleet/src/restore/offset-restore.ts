import { type Clock, groupIdOf, partitionFor, type SchemaSource, TowlineError } from '@towline/contracts'
import {
  type AdminPort,
  type CommitEntry,
  GroupMarkers,
  type KafkaRecord,
  type ReaderPort,
  type RecordSender,
} from '@towline/kafka'
import { given } from '../given.ts'
import type { ConsumedTopic } from '../progress/agent-topics.ts'
import { type PartitionProgress, readProgress } from '../progress/partition-progress.ts'
import {
  checkOffset,
  invalid,
  leftAlone,
  type Restored,
  type RestoredPartition,
  type RestorePlan,
  type RestoreRequest,
  type RestoreTarget,
  restoredTo,
  selected,
} from './restore-plan.ts'
import { restoredNote, restoredSpan } from './restored-commit.ts'
import { type ScannedTasks, scanTasks } from './scan-tasks.ts'

export interface OffsetRestoreContext {
  readonly agent: string
  readonly namespace: string | undefined
  /** Everything runners of the agent consume. */
  readonly topics: readonly ConsumedTopic[]
  readonly admin: AdminPort
  readonly reader: ReaderPort
  readonly sender: () => Promise<RecordSender>
  readonly schemas: SchemaSource
  readonly clock: Pick<Clock, 'nowMs'>
}

const DEFAULT_MAX_RECORDS = 2_000_000
const ONE_RECORD_BYTES = 64 * 1024

/** Gives groups whose committed offsets expired or were deleted offsets again. */
export class OffsetRestore {
  readonly #context: OffsetRestoreContext

  constructor(context: OffsetRestoreContext) {
    this.#context = context
  }

  /**
   * What a restoration would commit, and why. Changes nothing.
   *
   * @throws TowlineError TOWLINE_GROUP_ACTIVE when a group has members, TOWLINE_OPTION_INVALID for a topic, partition or
   * offset there is not, or more records than allowed; TOWLINE_REGISTRY_UNAVAILABLE, TOWLINE_BROKER_UNAVAILABLE
   */
  async plan(request: RestoreRequest = {}): Promise<RestorePlan> {
    const { target = { kind: 'first-unended' } } = request
    const topics = this.#topicsOf(request)
    await this.#refuseActive(topics)
    const progress = (await Promise.all(topics.map(({ topic }) => readProgress(this.#context.admin, topic)))).flat()
    const wanted = selected(progress, request)
    if (target.kind === 'offset') checkOffset(wanted, target.offset)
    const isNamed = request.partitions !== undefined
    const lacking = wanted.filter(({ committed }) => isNamed || committed === null)
    const scanned = target.kind === 'first-unended' ? await this.#scan(lacking, request) : undefined
    const partitions: RestoredPartition[] = []
    const commits = new Map<string, CommitEntry[]>()
    for (const each of wanted) {
      const restored = lacking.includes(each) ? await this.#restored(each, target, scanned) : leftAlone(each)
      partitions.push(restored.partition)
      const { group } = restored.partition
      if (restored.entry !== null) commits.set(group, [...(commits.get(group) ?? []), restored.entry])
    }
    return { partitions, commits }
  }

  /**
   * Commits a plan, and writes down in `towline.groups` who asked for it and why.
   *
   * @throws TowlineError TOWLINE_GROUP_ACTIVE when a group has members by now; TOWLINE_BROKER_UNAVAILABLE
   */
  async apply(
    { commits }: RestorePlan,
    { by, reason }: { readonly by: string; readonly reason?: string },
  ): Promise<void> {
    const { admin, reader, namespace, clock } = this.#context
    const sender = await this.#context.sender()
    const markers = new GroupMarkers({ admin, reader, sender }, namespace)
    await markers.refresh()
    for (const [groupId, entries] of commits) {
      await admin.commitNote(groupId, entries)
      for (const { tp, next } of entries) {
        const atMs = clock.nowMs()
        const known = markers.get(groupId, tp) ?? { atMs, by, finished: null }
        await markers.write(groupId, tp, { ...known, restored: { atMs, by, reason: reason ?? null, offset: next } })
      }
    }
  }

  #topicsOf({ topic, partitions, target }: RestoreRequest): readonly ConsumedTopic[] {
    const { agent, topics } = this.#context
    const isOneTopic = partitions !== undefined || target?.kind === 'offset'
    const found = topics.filter((each) =>
      topic === undefined ? !isOneTopic || each.kind === 'tasks' : each.topic === topic,
    )
    if (found.length > 0) return found
    const bound = topics.map((each) => each.topic).join(', ')
    throw invalid(`runners of ${agent} do not consume ${topic}`, topic ?? '', bound, `Choose one of ${bound}`)
  }

  async #refuseActive(topics: readonly ConsumedTopic[]): Promise<void> {
    for (const { topic } of topics) {
      const { groupId, members } = await this.#context.admin.describeGroup(groupIdOf(topic))
      if (members.length === 0) continue
      const names = [...new Set(members.map(({ clientId }) => clientId))].join(', ')
      throw new TowlineError('TOWLINE_GROUP_ACTIVE', `group "${groupId}" has members: ${names}`, {
        value: groupId,
        wayOut: 'Stop every runner of the agent first',
      })
    }
  }

  /** Looks at the topics with something to restore, and at every tier, where their tasks may have gone. */
  async #scan(lacking: readonly PartitionProgress[], request: RestoreRequest): Promise<ScannedTasks | undefined> {
    const isWanted = new Set(lacking.filter(({ logStart, logEnd }) => logStart < logEnd).map(({ topic }) => topic))
    if (isWanted.size === 0) return undefined
    const { agent, namespace, topics, admin, reader, schemas } = this.#context
    return await scanTasks(
      { admin, reader, schemas },
      {
        agent,
        namespace,
        topics: topics.filter(({ topic, kind }) => isWanted.has(topic) || kind === 'retry'),
        maxRecords: request.maxRecords ?? DEFAULT_MAX_RECORDS,
        onProgress: request.onProgress ?? (() => undefined),
        ...given({ signal: request.signal }),
      },
    )
  }

  async #restored(at: PartitionProgress, target: RestoreTarget, scanned: ScannedTasks | undefined): Promise<Restored> {
    switch (target.kind) {
      case 'first-unended':
        return await this.#toFirstUnended(at, scanned)
      case 'earliest':
        return restoredTo(at, at.logStart, target.kind)
      case 'latest':
        return restoredTo(at, at.logEnd, target.kind)
      case 'offset':
        return restoredTo(at, target.offset, target.kind)
      case 'time': {
        const found = await this.#context.admin.offsetsAt(at.topic, target.atMs)
        const offset = found.find(({ partition }) => partition === at.partition)?.offset
        return restoredTo(at, offset ?? at.logEnd, target.kind)
      }
    }
  }

  async #toFirstUnended(at: PartitionProgress, scanned: ScannedTasks | undefined): Promise<Restored> {
    const records = scanned?.ledger.of(at) ?? []
    const span = restoredSpan(records, at.logEnd)
    const tasks = records.filter(({ isFinished }) => !isFinished)
    const mayHaveEnded = tasks.filter(({ taskId, timestampMs }) => {
      const results = partitionFor(Buffer.from(taskId), scanned?.resultsPartitions ?? 1)
      return timestampMs < (scanned?.retainedFromMs.get(results) ?? Number.NEGATIVE_INFINITY)
    })
    const base = span.next < at.logEnd ? await this.#recordAt(at, span.next) : null
    return restoredTo(at, span.next, span.next < at.logEnd ? 'first-unended' : 'all-ended', {
      metadata: base === null ? '' : restoredNote(span, base, `offsets restore ${this.#context.agent}`),
      unended: span.unfinishedCount,
      mayHaveEnded: mayHaveEnded.length,
      runAgain: span.runAgain,
    })
  }

  async #recordAt({ topic, partition }: PartitionProgress, offset: number): Promise<KafkaRecord | null> {
    const range = { tp: { topic, partition }, from: offset, to: offset + 1, maxBytes: ONE_RECORD_BYTES }
    for await (const { records } of this.#context.reader.read(range)) {
      const [record] = records
      if (record !== undefined) return record
    }
    return null
  }
}
