import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { groupIdOf, MAX_LIFE, topicNames } from '@towline/contracts'
import type { Fleet } from '@towline/fleet'
import { planTopics } from '@towline/kafka'
import type { Runner } from '@towline/runner'
import { uniqueNamespace } from '@towline/test-brokers'
import { fleetOf, type Project } from './project.ts'
import type { Call } from './verb-case.ts'

/** A call in another namespace than the project's. */
export function callIn(namespace: string, args: string, env: Readonly<Record<string, string>> = {}): Call {
  return { args, env: { ...env, TOWLINE_NAMESPACE: namespace } }
}

/** In a namespace where nothing exists. */
export function nowhere(args: string): Call {
  return callIn(uniqueNamespace(), args)
}

/** A namespace with topics and schemas, where nothing was published. */
export async function idleNamespace(project: Project): Promise<string> {
  const namespace = uniqueNamespace()
  await using _fleet = await readyFleet(project, namespace)
  return namespace
}

/** A namespace with topics whose schemas nobody pushed. */
export async function namespaceWithoutSchemas(project: Project): Promise<string> {
  const namespace = uniqueNamespace()
  await using fleet = await fleetOf(project.broker, namespace)
  await fleet.topics.apply()
  return namespace
}

/** A namespace with schemas whose topics nobody made. */
export async function namespaceWithoutTopics(project: Project): Promise<string> {
  const namespace = uniqueNamespace()
  await using fleet = await fleetOf(project.broker, namespace)
  await fleet.registerSchemas()
  return namespace
}

/** A namespace with a runner that has joined its groups, until the project ends. */
export async function busyNamespace(project: Project): Promise<string> {
  const namespace = uniqueNamespace()
  const fleet = await readyFleet(project, namespace)
  const runner = await fleet.runner()
  await runner.start()
  project.endWith(async () => {
    await runner.drain()
    await fleet.close()
  })
  return namespace
}

/** A namespace whose topic of tasks is compacted. */
export async function brokenNamespace(project: Project): Promise<string> {
  const namespace = uniqueNamespace()
  const planned = planTopics({ agents: [{ type: 'digest', tiersMs: [1_000] }], namespace, brokers: 1 })
  const specs = planned.map(({ kind, topic, partitions, replicationFactor, configs }) => ({
    topic,
    partitions,
    replicationFactor,
    configs: kind === 'tasks' ? { ...configs, 'cleanup.policy': 'compact' } : configs,
  }))
  await (await project.fleet.admin()).createTopics(specs)
  return namespace
}

/** A namespace with one task that waits. */
export async function waitingNamespace(project: Project): Promise<string> {
  const namespace = uniqueNamespace()
  await using fleet = await readyFleet(project, namespace)
  await publish(fleet, 'a.md')
  return namespace
}

/** A namespace whose groups finished a task and have lost their offsets since, as after a week without members. */
export async function agedNamespace(project: Project): Promise<string> {
  const namespace = uniqueNamespace()
  await using fleet = await readyFleet(project, namespace)
  const runner = await fleet.runner()
  await runner.start()
  await untilEnded(runner, () => publish(fleet, 'a.md'))
  await runner.drain()
  const groupId = groupIdOf(topicNames('digest', namespace).tasks)
  const { faults } = project.broker
  if (faults === undefined) await (await fleet.admin()).deleteGroups([groupId])
  else faults.expireOffsets(groupId)
  return namespace
}

/** A call about a task that died in its third life, the last there is. */
export async function afterItsLastLife(project: Project, args: (taskId: string) => string): Promise<Call> {
  const namespace = uniqueNamespace()
  await using fleet = await readyFleet(project, namespace)
  const runner = await fleet.runner()
  await runner.start()
  const { taskId } = await untilEnded(runner, () => publish(fleet, 'gone.md'))
  const letters = await fleet.deadLetters('digest')
  for (let life = 1; life < MAX_LIFE; life += 1) {
    await untilEnded(runner, () => letters.redrive({ ids: [taskId], by: 'ana' }))
  }
  await runner.drain()
  return callIn(namespace, args(taskId))
}

/** The name of a topic that takes no record of a task. */
export async function narrowTopic(project: Project): Promise<string> {
  const topic = `${uniqueNamespace()}-narrow`
  const configs = { 'max.message.bytes': '64' }
  await (await project.fleet.admin()).createTopics([{ topic, partitions: 1, replicationFactor: 1, configs }])
  return topic
}

/** The name of a configuration file of the project with this text. */
export async function configOf(project: Project, name: string, text: string): Promise<string> {
  const file = `${name}.config.ts`
  await writeFile(join(project.folder, file), text)
  return file
}

async function readyFleet(project: Project, namespace: string): Promise<Fleet> {
  const fleet = await fleetOf(project.broker, namespace)
  await fleet.topics.apply()
  await fleet.registerSchemas()
  return fleet
}

async function publish(fleet: Fleet, path: string): Promise<{ readonly taskId: string }> {
  const towline = await fleet.connect()
  return await towline.publish(fleet.agentType('digest'), { path, id: null })
}

/** Does what makes the runner end a task, and waits until it has. */
async function untilEnded<T>(runner: Runner, cause: () => Promise<T>): Promise<T> {
  const ended = new Promise((resolve) => runner.events.on('task:ended', resolve))
  const caused = await cause()
  await ended
  return caused
}
