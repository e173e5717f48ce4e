import { setTimeout as sleep, setImmediate as turn } from 'node:timers/promises'
import type { Consumer, EachBatchPayload } from 'kafkajs'
import { AssignedReading } from '../../consuming/assigned-reading.ts'
import type { ResolvedConsumerOptions } from '../../consuming/consumer-defaults.ts'
import { GroupCommits } from '../../consuming/group-commits.ts'
import type { RunningConsumer } from '../../consuming/group-consumer.ts'
import type { Membership } from '../../consuming/membership.ts'
import { Session } from '../../consuming/session.ts'
import type { ConsumerHandlers, Liveness } from '../../ports/consumer-port.ts'
import { consumerFailed, consumerStoppedEarly } from '../../ports/port-errors.ts'
import type { TopicPartition } from '../../ports/record.ts'
import { systemClock } from '../../system-clock.ts'
import type { ClusterClient } from '../cluster/cluster-client.ts'
import { leaveGroup } from '../cluster/leave-group.ts'
import { boundsOf } from '../cluster/list-offsets.ts'
import { retrying } from '../cluster/retrying.ts'
import type { Cluster } from '../kafkajs-internals.ts'
import { type Carrier, fetchCarriers } from './carrier-fetch.ts'
import { tapCluster } from './cluster-tap.ts'
import { CommitRequests } from './commit-requests.ts'
import { loadFresh } from './fresh-assignments.ts'
import { Heartbeats } from './heartbeats.ts'
import { type GroupEvents, kafkajsGroup, runGroup } from './kafkajs-group.ts'
import { loadUntil } from './load-until.ts'
import { RefusedPartitions } from './refused-partitions.ts'

/** A member that cannot say that it leaves is missed after its session. */
const LEAVE_BUDGET_MS = 2_000
/** kafkajs adds this to the rebalance timeout before it gives up a join. */
const JOIN_MARGIN_MS = 5_000

/** `joining` for the first time → `running` → `failed`; `stopped` from any of them. A later join is part of `running`. */
type Phase = 'joining' | 'running' | 'failed' | 'stopped'

/** A consumer between its start and its stop: reacts to what kafkajs's group tells, and tells its owner. */
export class ConsumerRun implements RunningConsumer {
  readonly reading: AssignedReading
  readonly commits: GroupCommits
  readonly #options: ResolvedConsumerOptions
  readonly #client: ClusterClient
  readonly #handlers: ConsumerHandlers
  readonly #group: Consumer
  readonly #heartbeats: Heartbeats
  readonly #session = new Session(systemClock)
  /** Settled by the first join, or by what made it impossible. */
  readonly #firstJoin = Promise.withResolvers<void>()
  /** Resolves when kafkajs's loop, which joins when it begins or begins again, has joined or given up. */
  #loopJoined = Promise.withResolvers<void>()
  #phase: Phase = 'joining'
  /** As the group may count it. */
  #memberId: string | null = null

  constructor(options: ResolvedConsumerOptions, client: ClusterClient, handlers: ConsumerHandlers) {
    this.#options = options
    this.#client = client
    this.#handlers = handlers
    this.#group = kafkajsGroup(client.context, options, this.#events())
    this.reading = new AssignedReading({
      ...options,
      standing: {
        fresh: (tps, isWanted) => loadUntil(() => loadFresh(client, options, tps), isWanted, client),
        bounds: (tp, isWanted) => loadUntil(() => boundsOf(client, tp), isWanted, client),
      },
      loop: this.#group,
      handlers,
      clock: systemClock,
      onDefect: (error) => this.#fail(error),
    })
    const membershipEvents = {
      onRenewed: (member: Membership, sentAtMs: number): void => this.#proved(member, sentAtMs),
      onExpelled: (member: Membership): void => this.#expelled(member),
    }
    const requests = new CommitRequests(client, options.groupId, membershipEvents)
    this.commits = new GroupCommits({ clock: systemClock, send: (member, entries) => requests.send(member, entries) })
    this.#heartbeats = new Heartbeats(client, options.groupId, membershipEvents)
  }

  async join(): Promise<void> {
    runGroup(this.#group, this.#options.topic, (payload) => this.#batch(payload)).catch((error: unknown) => {
      this.#loopJoined.resolve()
      this.#fail(error)
    })
    await this.#firstJoin.promise
    if (!this.#isLive()) throw consumerStoppedEarly()
  }

  liveness(): Liveness {
    return this.#session.liveness()
  }

  async stop(): Promise<void> {
    this.#phase = 'stopped'
    this.#session.end()
    this.reading.lose('stopped')
    await this.#joinedOrGivenUp()
    this.#firstJoin.reject(consumerStoppedEarly())
    await this.#close()
  }

  async #close(): Promise<void> {
    await this.#disconnect()
    await this.#client.close()
  }

  /**
   * kafkajs forgets a stop that comes while its loop joins, be it the first one or one after a crash: it reconnects, joins
   * and consumes, and no later stop finds that loop. So the join is waited for.
   */
  async #joinedOrGivenUp(): Promise<void> {
    const timer = new AbortController()
    const givenUp = sleep(this.#options.rebalanceTimeoutMs + JOIN_MARGIN_MS, undefined, { signal: timer.signal })
    await Promise.race([this.#loopJoined.promise, givenUp]).catch(() => undefined)
    timer.abort()
    await givenUp.catch(() => undefined)
    await turn() // it takes a stop only when its loop runs, a few microtasks after the join is told
  }

  async #disconnect(): Promise<void> {
    await this.#group.disconnect().catch((error: unknown) => {
      const { groupId } = this.#options
      this.#client.context.connection.log?.warn({ groupId, err: error }, 'a consumer did not disconnect cleanly')
    })
  }

  #events(): GroupEvents {
    return {
      onCluster: (cluster) => this.#tap(cluster),
      holding: () => ({
        generation: this.reading.membership?.generation ?? -1,
        owned: this.reading.assigned().map(({ partition }) => partition),
      }),
      mayRestart: () => this.#isLive(),
      onJoined: (memberId, partitions) => this.#joined(memberId, partitions),
      onTurn: () => {
        if (this.reading.isQuiet()) this.#session.fetched()
      },
      onStopped: () => this.#lostMembership(),
      onConnected: () => this.#endZombie(),
      onCrashed: (error, willRestart) => {
        this.#loopJoined.resolve()
        if (willRestart) this.#loopJoined = Promise.withResolvers()
        this.#lostMembership()
        if (!willRestart) this.#fail(error)
      },
    }
  }

  #tap(cluster: Cluster): void {
    const { kafkajs, connection } = this.#client.context
    const refused = new RefusedPartitions(connection.log)
    const events = {
      maxWaitMs: (): number => this.reading.maxWaitMs(),
      onAnswer: (): void => this.#session.fetched(),
      onRefused: (tp: TopicPartition, error: Error): void => refused.note(tp, error, performance.now()),
      onOutOfRange: (tp: TopicPartition, from: number): void => this.reading.outOfRange(tp, from),
      onGone: (tp: TopicPartition): void => this.#guarded(() => this.reading.gone(tp)),
    }
    tapCluster(cluster, {
      onJoining: (memberId) => this.#countedAs(memberId),
      onSynced: (member, sentAtMs) => this.#session.synced(member, sentAtMs),
      onExpelled: (member) => this.#expelled(member),
      heartbeat: (member) => this.#heartbeats.beat(member),
      leaveGroup: (memberId) => this.#leave(memberId),
      fetch: (broker, request) => fetchCarriers(broker, request, cluster, events, kafkajs),
    })
  }

  async #leave(memberId: string): Promise<void> {
    const { groupId } = this.#options
    const beforeRetry = (): void => this.#client.forgetCoordinator(groupId)
    await retrying(() => leaveGroup(this.#client, groupId, memberId), { budgetMs: LEAVE_BUDGET_MS, beforeRetry })
    this.#countedNoMore(memberId)
  }

  #countedAs(memberId: string): void {
    if (this.#memberId === memberId) return
    this.#memberId = memberId
    this.#guarded(() => this.#handlers.onMember(memberId))
  }

  #countedNoMore(memberId: string): void {
    if (this.#memberId !== memberId) return
    this.#memberId = null
    this.#guarded(() => this.#handlers.onMember(null))
  }

  #joined(memberId: string, partitions: readonly number[]): void {
    this.#firstJoin.resolve()
    this.#loopJoined.resolve()
    if (!this.#isLive()) {
      setImmediate(() => this.#endZombie())
      return
    }
    this.#phase = 'running'
    this.#guarded(() => {
      this.reading.join(this.#session.joinedAs(memberId), partitions)
      this.#handlers.onProof()
    })
  }

  #batch({ batch, resolveOffset }: EachBatchPayload): void {
    const tp = { topic: batch.topic, partition: batch.partition }
    const carrier = batch.messages[0] as unknown as Carrier
    this.#guarded(() => this.reading.deliver(tp, carrier, (lastOffset) => resolveIn(resolveOffset, lastOffset)))
  }

  #proved(member: Membership, sentAtMs: number): void {
    if (this.#session.renew(member, sentAtMs)) this.#guarded(() => this.#handlers.onProof())
  }

  #expelled(member: Membership): void {
    this.#countedNoMore(member.memberId)
    if (this.reading.membership?.memberId === member.memberId) this.#lostMembership()
  }

  #lostMembership(): void {
    this.#session.end()
    this.#guarded(() => this.reading.lose('membership'))
  }

  #fail(cause: unknown): void {
    if (!this.#isLive()) return
    const hadJoined = this.#phase === 'running'
    this.#phase = 'failed'
    this.#lostMembership()
    void this.#joinedOrGivenUp().then(() => this.#close())
    const { groupId } = this.#options
    const error = consumerFailed(groupId, cause)
    if (hadJoined) this.#handlers.onFatal(error)
    else this.#firstJoin.reject(error)
  }

  /** Handlers must not throw; one that does ends the consumer, since what it was told is no longer what it knows. */
  #guarded(call: () => void): void {
    try {
      call()
    } catch (error) {
      this.#fail(error)
    }
  }

  #isLive(): boolean {
    return this.#phase === 'joining' || this.#phase === 'running'
  }

  #endZombie(): void {
    if (!this.#isLive()) void this.#disconnect()
  }
}

/** Between a join and its event kafkajs may have swapped the table it writes to; then the join seeks anyway. */
function resolveIn(resolveOffset: (offset: string) => void, lastOffset: number): void {
  try {
    resolveOffset(String(lastOffset))
  } catch (error) {
    if (!(error instanceof TypeError)) throw error
  }
}
