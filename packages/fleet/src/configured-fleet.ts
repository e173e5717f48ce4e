import { createInProcessHost } from '@towline/agents'
import {
  type Agent,
  type AgentType,
  checkAgentName,
  subjects,
  TaskEvent,
  TaskResult,
  topicNames,
} from '@towline/contracts'
import { createFailureRouter, createRetryPolicy, type DeadLetters, deadLetters } from '@towline/dead-letter'
import type { AdminPort, ReaderPort, RecordSender, RegistryClient } from '@towline/kafka'
import type { Towline } from '@towline/producer'
import { createRunner, type Runner, type RunnerAgent } from '@towline/runner'
import { createChildPublisher } from './child-publisher.ts'
import { ClusterConnections } from './cluster-connections.ts'
import type { ResolvedConfig } from './config/resolve-config.ts'
import type { Fleet, FleetEnvironment, TaskSearch } from './fleet.ts'
import { FleetTopics } from './fleet-topics.ts'
import { given } from './given.ts'
import { LazyResource } from './lazy-resource.ts'
import { agentUnknown, type ConsumedTopic, findConsumedTopics, requireAgent } from './progress/agent-topics.ts'
import { readLag, type TopicLag } from './progress/lag.ts'
import { type GroupOffset, readGroupOffsets } from './progress/offsets.ts'
import { Replays } from './replays.ts'
import { OffsetRestore } from './restore/offset-restore.ts'
import { defaultRunnerId } from './runner-id.ts'
import { lookUpTask } from './task/look-up-task.ts'
import type { TaskReport } from './task/task-report.ts'

/** A {@link Fleet} over lazily made connections. */
export class ConfiguredFleet implements Fleet {
  readonly config: ResolvedConfig
  readonly topics: FleetTopics
  readonly #environment: FleetEnvironment
  readonly #connections: ClusterConnections
  readonly #towline: LazyResource<Towline>

  constructor(config: ResolvedConfig, environment: FleetEnvironment) {
    this.config = config
    this.#environment = environment
    this.#connections = new ClusterConnections(config, environment)
    this.#towline = new LazyResource(
      () => this.#connections.towline(),
      (towline) => towline.close(),
    )
    this.topics = new FleetTopics(config, () => this.admin())
  }

  get schemas(): RegistryClient {
    return this.#connections.schemas
  }

  admin(): Promise<AdminPort> {
    return this.#connections.admin.get()
  }

  reader(): Promise<ReaderPort> {
    return this.#connections.reader.get()
  }

  sender(): Promise<RecordSender> {
    return this.#connections.sender.get()
  }

  connect(): Promise<Towline> {
    return this.#towline.get()
  }

  agentType(type: string): AgentType<unknown, unknown> {
    const { agentTypes } = this.config
    const found = agentTypes.find((candidate) => candidate.type === type)
    if (found !== undefined) return found
    throw agentUnknown(
      type,
      agentTypes.map((known) => known.type),
    )
  }

  async registerSchemas(types: readonly string[] = this.#configuredTypes()): Promise<void> {
    for (const type of types) {
      const { input, output } = this.agentType(type)
      const names = subjects(type, this.config.namespace)
      await this.schemas.register(names.tasks, input.text)
      await this.schemas.register(names.output, output.text)
      await this.schemas.register(names.results, TaskResult.text)
      await this.schemas.register(names.events, TaskEvent.text)
    }
  }

  async runner(types?: readonly string[]): Promise<Runner> {
    const agents = this.#agentsOf(types)
    const [driver, admin, reader, sender] = await Promise.all([
      this.#connections.driver.get(),
      this.admin(),
      this.reader(),
      this.sender(),
    ])
    const { clock, log } = this.#environment
    const { namespace, runner } = this.config
    return createRunner({
      driver,
      admin,
      reader,
      sender,
      schemas: this.schemas,
      agents: agents.map((agent) => this.#runnerAgent(agent, sender)),
      children: createChildPublisher({ sender, admin, schemas: this.schemas, namespace, clock }),
      clock,
      log,
      defaultRunnerId: defaultRunnerId(),
      options: {
        maxInFlight: runner.maxInFlight,
        drainTimeoutMs: runner.drainMs,
        ...given({ runnerId: runner.runnerId }),
      },
      ...given({ namespace }),
    })
  }

  async deadLetters(type: string): Promise<DeadLetters> {
    const { namespace } = this.config
    const names = topicNames(type, namespace)
    const [reader, admin] = await Promise.all([this.reader(), this.admin()])
    await requireAgent(admin, type, { namespace, configured: this.#configuredTypes() })
    // A producer is connected by the first letter that is sent, not by a list.
    const sender = {
      send: async (...args: Parameters<RecordSender['send']>) => await (await this.sender()).send(...args),
    }
    return deadLetters({ reader, admin, sender, names, schemas: this.schemas, clock: this.#environment.clock })
  }

  async replays(type: string): Promise<Replays> {
    const { namespace } = this.config
    checkAgentName(type)
    const [reader, admin] = await Promise.all([this.reader(), this.admin()])
    await requireAgent(admin, type, { namespace, configured: this.#configuredTypes() })
    const { clock } = this.#environment
    const sender = (): Promise<RecordSender> => this.sender()
    const { maxBufferedBytes } = this.config.producer
    const { schemas } = this
    return new Replays({ agentType: type, namespace, admin, reader, sender, schemas, clock, maxBufferedBytes })
  }

  async lag(types: readonly string[] = []): Promise<readonly TopicLag[]> {
    return await readLag(await this.admin(), await this.#consumedTopics(types))
  }

  async offsets(types: readonly string[] = []): Promise<readonly GroupOffset[]> {
    const [admin, reader] = await Promise.all([this.admin(), this.reader()])
    return await readGroupOffsets(admin, reader, await this.#consumedTopics(types))
  }

  async offsetRestore(type: string): Promise<OffsetRestore> {
    const [admin, reader, topics] = await Promise.all([this.admin(), this.reader(), this.#consumedTopics([type])])
    const { namespace } = this.config
    const { clock } = this.#environment
    const sender = (): Promise<RecordSender> => this.sender()
    return new OffsetRestore({ agent: type, namespace, topics, admin, reader, sender, schemas: this.schemas, clock })
  }

  async task(type: string, taskId: string, search: TaskSearch = {}): Promise<TaskReport> {
    const [admin, reader] = await Promise.all([this.admin(), this.reader()])
    return await lookUpTask(
      { admin, reader, schemas: this.schemas },
      { ...search, agent: type, taskId, namespace: this.config.namespace, configured: this.#configuredTypes() },
    )
  }

  async close(): Promise<void> {
    await this.#towline.close()
    await this.#connections.close()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  #configuredTypes(): readonly string[] {
    return this.config.agentTypes.map(({ type }) => type)
  }

  #agentsOf(types: readonly string[] | undefined): readonly Agent[] {
    const { agents } = this.config
    if (types === undefined || types.length === 0) return agents
    return types.map((type) => {
      const found = agents.find(({ agentType }) => agentType.type === type)
      if (found === undefined)
        throw agentUnknown(
          type,
          agents.map(({ agentType }) => agentType.type),
        )
      return found
    })
  }

  #runnerAgent(agent: Agent, sender: RecordSender): RunnerAgent {
    const names = topicNames(agent.agentType.type, this.config.namespace)
    return {
      agent,
      host: createInProcessHost(agent),
      policy: createRetryPolicy(agent.retry, agent.ordering),
      router: createFailureRouter({ sender, names, clock: this.#environment.clock }),
    }
  }

  async #consumedTopics(wanted: readonly string[]): Promise<readonly ConsumedTopic[]> {
    const { namespace } = this.config
    return await findConsumedTopics(await this.admin(), { namespace, configured: this.#configuredTypes(), wanted })
  }
}
