import type { TaskResult } from '@towline/contracts'
import { topicNames } from '@towline/contracts'
import { partitionId } from '@towline/kafka'
import { parseRangeBounds } from '@towline/replay'
import type { DigestRequest } from '../generated/digest-request.ts'
import { formatCount, plural } from '../output/format-value.ts'
import { printable } from '../output/printable.ts'
import type { Victim } from './demo-runners.ts'
import type { DemoStage } from './demo-stage.ts'
import { digestType } from './digest-agent.ts'
import { showProgress } from './show-progress.ts'
import { waitUntil } from './wait-until.ts'

/** Share of the tasks that have ended when a runner is killed. */
const KILL_AT = 0.25
/** Of few tasks most end between two looks. */
const KILL_POLL_MS = 10
const END_TIMEOUT_MS = 60_000
const REPLAYED_RECORDS = 40
const PATTERN_LENGTH = 66

export interface Published {
  /** Records that Kafka acknowledged. */
  readonly acknowledged: number
  /** The partition of the record that no schema knows. */
  readonly strangerPartition: number
}

/** Publishes a task per document, and one record that no schema knows. */
export async function publishDocuments(stage: DemoStage, documents: readonly DigestRequest[]): Promise<Published> {
  const { world, fleet, namespace } = stage
  world.view.act(`A task for each of ${plural(documents.length, 'Markdown document')} in node_modules`)
  const towline = await fleet.connect()
  const results = await towline.publishMany(
    digestType,
    documents.map((input) => ({ input })),
  )
  const failed = results.find((result) => result.kind === 'failed')
  if (failed?.kind === 'failed') throw failed.error
  const sender = await fleet.sender()
  const { tasks } = topicNames(digestType.type, namespace)
  const stranger = { key: Buffer.from('stranger'), value: Buffer.from('no Avro at all'), headers: {} }
  const { partition: strangerPartition } = await sender.send({ topic: tasks }, stranger)
  const acknowledged = results.length + 1
  world.view.say(`${formatCount(acknowledged)} records acknowledged: those, and one that is no task at all`)
  return { acknowledged, strangerPartition }
}

/** How long partitions stood still after a runner was killed, as the ends tell it; null when nothing was left there. */
export type TakeOver = (ends: ReadonlyMap<string, TaskResult>) => number | null

/**
 * Waits for the end of every published task, retries included, with live progress. On the way one of the two runners is
 * killed in the middle of its work, and restarted by its supervisor.
 */
export async function workThroughCrash(stage: DemoStage, { acknowledged }: Published): Promise<TakeOver> {
  const { world, runners, watch } = stage
  world.view.act('Work, and a crash in the middle of it')
  const killAt = Math.max(1, Math.floor(acknowledged * KILL_AT))
  const hasEnded = (wanted: number) => () => (watch.countOfLife(1) >= wanted ? true : undefined)
  const over = new AbortController()
  const showing = showProgress(stage, acknowledged, over.signal)
  try {
    const victim = await runners.chooseVictim()
    await untilEnded(stage, `${killAt} tasks to end`, hasEnded(killAt), KILL_POLL_MS)
    const killedPid = victim.runner.pid()
    const killedAtMs = world.clock.nowMs()
    runners.kill(victim.runner)
    const ends = plural(watch.countOfLife(1), 'end')
    world.view.say(
      `${victim.runner.runnerId} got SIGKILL after ${ends}; its supervisor leaves its groups and restarts it`,
    )
    // Both at once: meanwhile the tasks of the other runner go on ending.
    await Promise.all([
      runners.untilRestarted(victim.runner, killedPid),
      untilEnded(stage, 'every task to end', hasEnded(acknowledged)),
    ])
    return (found) => takeOverMs(found, { ...victim, killedAtMs })
  } finally {
    over.abort()
    await showing
  }
}

/** From the kill to the first attempt after it on a partition that was held. */
function takeOverMs(
  ends: ReadonlyMap<string, TaskResult>,
  victim: Victim & { readonly killedAtMs: number },
): number | null {
  const held = new Set(victim.held.map(partitionId))
  let firstMs: number | null = null
  for (const { origin, startedAt, life, attempts } of ends.values()) {
    // Later attempts run in the retry tiers, which have groups and owners of their own.
    if (life !== 1 || attempts !== 1 || startedAt === null) continue
    if (!held.has(partitionId(origin)) || startedAt < victim.killedAtMs) continue
    const afterMs = startedAt - victim.killedAtMs
    if (firstMs === null || afterMs < firstMs) firstMs = afterMs
  }
  return firstMs
}

export interface Redriven {
  readonly redriven: number
  /** One of them that succeeded now; where there is none, any task that did. */
  readonly succeededTaskId: string | undefined
}

/** Lists the dead letters, deploys the fixed agent, redrives them all and waits for their ends. */
export async function fixAndRedrive(stage: DemoStage): Promise<Redriven> {
  const { world, fleet, runners, watch, signal } = stage
  const { view } = world
  const letters = await fleet.deadLetters(digestType.type)
  const before = await letters.list({}, signal)
  view.act(`${plural(before.open, 'open dead letter')}, and a fix`)
  for (const { open, code, pattern } of before.groups) {
    view.say(`${open} × ${printable(`${code}: ${pattern}`, PATTERN_LENGTH)}`)
  }
  view.say('the runners drain, and the fixed version of the agent takes their place')
  await runners.stopAll()
  await Promise.all([runners.start('fixed'), runners.start('fixed')])
  await runners.untilAllHoldPartitions()
  const { counts } = await letters.redrive({ all: true, by: 'towline demo', reason: 'agent fixed', signal })
  const { redriven } = counts
  await untilEnded(stage, 'the redriven tasks to end', () => (watch.countOfLife(2) >= redriven ? true : undefined))
  const after = await letters.list({}, signal)
  view.say(`${redriven} redriven; ${after.open} open now: what no fix of the agent can mend`)
  const succeeded = [...watch.ends.values()].filter(({ end }) => end === 'succeeded')
  const { taskId: succeededTaskId } = succeeded.find(({ life }) => life === 2) ?? succeeded[0] ?? {}
  return { redriven, succeededTaskId }
}

/** Replays the first records of a partition without the stranger, as new tasks. Returns how many were written. */
export async function replayRange(stage: DemoStage, { strangerPartition }: Published): Promise<number> {
  const { world, fleet, watch, account, namespace, signal } = stage
  const offsets = await account.admin.offsets(topicNames(digestType.type, namespace).tasks)
  const others = offsets.filter(({ partition }) => partition !== strangerPartition)
  const candidates = others.some(({ high }) => high > 0) ? others : offsets
  // The fullest: with few tasks most partitions have none.
  const { partition } = candidates.reduce((best, each) => (each.high > best.high ? each : best))
  world.view.act(`A replay of the beginning of partition ${partition}`)
  const replays = await fleet.replays(digestType.type)
  const { plan } = await replays.plan(
    { partitions: [partition], from: parseRangeBounds('0', '--from'), max: REPLAYED_RECORDS, by: 'towline demo' },
    { signal },
  )
  const { records } = await replays.run(plan, { signal })
  const ended = () => (watch.countOfReplay(plan.replayId) >= records ? true : undefined)
  await untilEnded(stage, 'the replayed tasks to end', ended)
  world.view.say(`${records} records of the past written to digest.replay as new tasks, and run`)
  return records
}

/** What the dead-letter ledger says is open when all is done, for the account to hold against. */
export async function whatIsOpen({
  fleet,
  signal,
}: DemoStage): Promise<{ readonly openDeadLetters: number; readonly openTaskId: string | undefined }> {
  const { open, entries } = await (await fleet.deadLetters(digestType.type)).list({}, signal)
  return { openDeadLetters: open, openTaskId: entries.find(({ state }) => state === 'open')?.taskId }
}

/** Polls the results until `ask` answers. */
async function untilEnded(
  { world, watch, signal }: DemoStage,
  what: string,
  ask: () => true | undefined,
  pollMs?: number,
): Promise<void> {
  const polled = async (): Promise<true | undefined> => {
    await watch.poll()
    return ask()
  }
  const options = { clock: world.clock, signal, timeoutMs: END_TIMEOUT_MS }
  await waitUntil(what, polled, pollMs === undefined ? options : { ...options, pollMs })
}
