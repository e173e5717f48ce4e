import { randomUUID } from 'node:crypto'
import { type Clock, type Logger, topicNames } from '@towline/contracts'
import { createFleet, type Env, type Fleet, resolveConfig } from '@towline/fleet'
import type { AccountContext } from './account.ts'
import { type DemoCluster, startDevCluster } from './demo-cluster.ts'
import type { DemoProcesses } from './demo-processes.ts'
import { DemoRunners } from './demo-runners.ts'
import type { DemoView } from './demo-view.ts'
import { createDigestAgent, digestType } from './digest-agent.ts'
import { EndsWatch } from './ends-watch.ts'
import { startLexiconService } from './lexicon-service.ts'
import { removeNamespace } from './remove-namespace.ts'
import type { Resources } from './resources.ts'

export interface DemoWorld {
  readonly clock: Clock
  readonly log: Logger
  readonly env: Env
  readonly cwd: string
  readonly view: DemoView
  readonly interrupted: AbortSignal
}

/** What a running demo is made of; its acts use it. */
export interface DemoStage {
  readonly world: DemoWorld
  readonly fleet: Fleet
  readonly runners: DemoRunners
  readonly watch: EndsWatch
  readonly account: AccountContext
  readonly brokers: string
  /** Without credentials. */
  readonly registry: string
  readonly namespace: string
  /** Aborted when the demo is interrupted or has lost a process, with that as its reason. */
  readonly signal: AbortSignal
}

export interface StageContext {
  readonly world: DemoWorld
  /** A user's own; undefined starts the dev broker. */
  readonly cluster: Pick<DemoCluster, 'brokers' | 'registry'> | undefined
  readonly resources: Resources
  readonly signal: AbortSignal
  readonly processes: DemoProcesses
}

/** Makes everything the demo plays with, in a namespace of its own, up to two runner processes that hold partitions. */
export async function setStage(context: StageContext): Promise<DemoStage> {
  const { world, resources, signal } = context
  const cluster = await clusterOf(context)
  const namespace = `demo-${randomUUID().slice(0, 8)}`
  const lexicon = await startLexiconService()
  resources.add('stop the lexicon service', () => lexicon.stop())
  const open = (clientId: string) => openFleet(context, { cluster, namespace, lexiconUrl: lexicon.url, clientId })
  const fleet = await open('demo')
  await prepareTopics(fleet, { context, cluster, namespace })
  const names = topicNames(digestType.type, namespace)
  const runners = new DemoRunners({
    admin: await fleet.admin(),
    cluster,
    namespace,
    lexiconUrl: lexicon.url,
    tasksTopic: names.tasks,
    wait: { clock: world.clock, signal },
    processes: context.processes,
  })
  resources.add('stop the runners', () => runners.stopAll())
  const account = await independentReader(await open('demo-account'), namespace)
  await startTwoRunners(runners, world.view)
  const { brokers, registry } = fleet.config
  const watch = new EndsWatch(account, names.results)
  return { world, fleet, runners, watch, account, brokers: brokers.join(), registry: registry.url, namespace, signal }
}

async function clusterOf(context: StageContext): Promise<DemoCluster> {
  const { cluster, world } = context
  if (cluster !== undefined) return { ...cluster, env: world.env, isForeign: true }
  return await startDevCluster({ ...context, ...world })
}

/** Connections of their own, closed at the end. */
async function openFleet(
  { world, resources }: StageContext,
  options: {
    readonly cluster: DemoCluster
    readonly namespace: string
    readonly lexiconUrl: string
    readonly clientId: string
  },
): Promise<Fleet> {
  const { cluster, namespace, lexiconUrl, clientId } = options
  const agents = [createDigestAgent({ lexiconUrl, isFixed: false })]
  const settings = { brokers: cluster.brokers, 'registry.url': cluster.registry, namespace, clientId }
  const fleet = await createFleet(resolveConfig({ agents }, settings, cluster.env), world)
  resources.add(`close the connections of ${clientId}`, () => fleet.close())
  return fleet
}

async function prepareTopics(
  fleet: Fleet,
  options: { readonly context: StageContext; readonly cluster: DemoCluster; readonly namespace: string },
): Promise<void> {
  const { context, cluster, namespace } = options
  const { view } = context.world
  view.act(`Topics of the agent type digest, in the namespace ${namespace}`)
  const admin = await fleet.admin()
  if (cluster.isForeign) {
    context.resources.add(`remove the topics and groups of ${namespace}`, () => removeNamespace(admin, namespace))
  }
  const steps = await fleet.topics.apply()
  await fleet.registerSchemas()
  view.say(`${steps.filter(({ kind }) => kind === 'create').length} topics created, four schemas registered`)
}

/** Reads with connections and a cache of its own: it shares nothing with what it accounts for. */
async function independentReader(fleet: Fleet, namespace: string): Promise<AccountContext> {
  const [reader, admin] = await Promise.all([fleet.reader(), fleet.admin()])
  return { reader, admin, schemas: fleet.schemas, agentType: digestType.type, namespace }
}

async function startTwoRunners(runners: DemoRunners, view: DemoView): Promise<void> {
  view.act('Two runner processes')
  await Promise.all([runners.start('broken'), runners.start('broken')])
  await runners.untilAllHoldPartitions()
  for (const runner of runners.alive) {
    const { length } = await runners.partitionsOf(runner)
    view.say(`${runner.runnerId} (process ${runner.pid()}) holds ${length} partitions of digest.tasks`)
  }
}
