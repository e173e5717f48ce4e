import process from 'node:process'
import { groupIdOf, TowlineError } from '@towline/contracts'
import type { Env } from '@towline/fleet'
import type { AdminPort, TopicPartition } from '@towline/kafka'
import type { TowlineProcess } from './child-process.ts'
import { type AgentVersion, DEMO_LEXICON, DEMO_VERSION } from './demo-environment.ts'
import type { DemoProcesses } from './demo-processes.ts'
import { ownFile } from './own-program.ts'
import { type WaitOptions, waitUntil } from './wait-until.ts'

export interface DemoRunnersContext {
  readonly admin: AdminPort
  readonly cluster: { readonly brokers: string; readonly registry: string; readonly env: Env }
  readonly namespace: string
  readonly lexiconUrl: string
  readonly tasksTopic: string
  readonly wait: Omit<WaitOptions, 'timeoutMs'>
  readonly processes: DemoProcesses
}

export interface DemoRunner {
  readonly runnerId: string
  /** The supervisor that was started. */
  readonly process: TowlineProcess
  /** Process id of the runner itself, which changes when it is restarted. */
  pid(): number
}

/** A runner to be killed, and what it held then. */
export interface Victim {
  readonly runner: DemoRunner
  readonly held: readonly TopicPartition[]
}

const JOIN_TIMEOUT_MS = 30_000
/** Longest drain of a demo that goes on, and of one that is over: then nothing it would commit is of use. */
const DRAIN_GRACE_MS = 15_000
const LATE_DRAIN_GRACE_MS = 1_000

/** The runners of the demo: `towline run digest`, each a process of its own under its supervisor. */
export class DemoRunners {
  readonly #context: DemoRunnersContext
  readonly #alive = new Set<DemoRunner>()
  #started = 0

  constructor(context: DemoRunnersContext) {
    this.#context = context
  }

  get alive(): readonly DemoRunner[] {
    return [...this.#alive]
  }

  /** Starts one and waits until it has joined its groups. */
  async start(version: AgentVersion): Promise<DemoRunner> {
    const { wait, processes } = this.#context
    wait.signal.throwIfAborted()
    this.#started += 1
    const runnerId = `demo-runner-${this.#started}`
    const args = ['run', 'digest', '--config', ownFile('./towline.config'), '-o', 'jsonl', '--log-level', 'warn']
    const started = processes.start({ name: runnerId, args, env: this.#environmentOf(runnerId, version) })
    const runner = { runnerId, process: started, pid: () => Number(started.readyDocument?.['pid']) }
    this.#alive.add(runner)
    const isReady = () => started.readyDocument
    await waitUntil(`${runnerId} to join its groups`, isReady, { ...wait, timeoutMs: JOIN_TIMEOUT_MS })
    return runner
  }

  /** Waits until every one alive, and nobody else, holds partitions of the tasks topic. */
  async untilAllHoldPartitions(): Promise<void> {
    const wanted = this.alive.map(({ runnerId }) => runnerId).sort()
    const ask = async (): Promise<true | undefined> => {
      const held = await this.#heldByRunner()
      const holders = [...held.keys()].sort()
      return holders.join() === wanted.join() && [...held.values()].every((tps) => tps.length > 0) ? true : undefined
    }
    const { wait } = this.#context
    await waitUntil(`${wanted.join(' and ')} to hold partitions`, ask, { ...wait, timeoutMs: JOIN_TIMEOUT_MS })
  }

  async partitionsOf(runner: DemoRunner): Promise<readonly TopicPartition[]> {
    return (await this.#heldByRunner()).get(runner.runnerId) ?? []
  }

  /** One to be killed, and the partitions it holds. */
  async chooseVictim(): Promise<Victim> {
    const [runner] = this.#alive
    if (runner === undefined) throw new TowlineError('TOWLINE_INTERNAL', 'the demo has no runner to kill')
    return { runner, held: await this.partitionsOf(runner) }
  }

  /** Kills it in the middle of its work, past its supervisor. */
  kill(runner: DemoRunner): void {
    process.kill(runner.pid(), 'SIGKILL')
  }

  /** Waits until a supervisor has restarted the runner that had this process id, and that one has joined its groups. */
  async untilRestarted(runner: DemoRunner, killedPid: number): Promise<void> {
    const { wait } = this.#context
    const isBack = (): true | undefined => (runner.pid() === killedPid ? undefined : true)
    await waitUntil(`${runner.runnerId} to be restarted`, isBack, { ...wait, timeoutMs: JOIN_TIMEOUT_MS })
  }

  /** Drains them all and waits till they are gone; kills those that take too long. */
  async stopAll(): Promise<void> {
    const runners = this.alive
    this.#alive.clear()
    const graceMs = this.#context.wait.signal.aborted ? LATE_DRAIN_GRACE_MS : DRAIN_GRACE_MS
    await Promise.all(runners.map(({ process }) => process.stop(graceMs)))
  }

  #environmentOf(runnerId: string, version: AgentVersion): Env {
    const { cluster, namespace, lexiconUrl } = this.#context
    return {
      ...cluster.env,
      TOWLINE_BROKERS: cluster.brokers,
      TOWLINE_REGISTRY: cluster.registry,
      TOWLINE_NAMESPACE: namespace,
      TOWLINE_RUNNER_ID: runnerId,
      TOWLINE_CLIENT_ID: runnerId,
      [DEMO_LEXICON]: lexiconUrl,
      [DEMO_VERSION]: version,
    }
  }

  async #heldByRunner(): Promise<ReadonlyMap<string, readonly TopicPartition[]>> {
    const { state, members } = await this.#context.admin.describeGroup(groupIdOf(this.#context.tasksTopic))
    if (state !== 'Stable') return new Map()
    return new Map(members.map(({ clientId, assigned }) => [clientId, assigned]))
  }
}
