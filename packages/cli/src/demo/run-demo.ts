import { dirname } from 'node:path'
import { takeAccount } from './account.ts'
import { fixAndRedrive, publishDocuments, replayRange, whatIsOpen, workThroughCrash } from './demo-acts.ts'
import type { DemoCluster } from './demo-cluster.ts'
import { demoFailed } from './demo-failed.ts'
import { DemoProcesses } from './demo-processes.ts'
import { type DemoReport, reportOf } from './demo-report.ts'
import { type DemoWorld, type StageContext, setStage } from './demo-stage.ts'
import type { DemoView } from './demo-view.ts'
import { findDocuments } from './documents.ts'
import { ownFile } from './own-program.ts'
import { Resources } from './resources.ts'
import { atMost, rejectWhenAborted } from './wait-until.ts'

export interface DemoOptions {
  /** At most so many documents. */
  readonly tasks: number
  /** A Kafka and a registry of the user's own; without it the dev broker is started. */
  readonly cluster: Pick<DemoCluster, 'brokers' | 'registry'> | undefined
}

/** What the demo leaves to look at, for as long as it is kept. */
export interface DemoOutcome {
  readonly report: DemoReport
  readonly brokers: string
  readonly registry: string
  readonly namespace: string
  /** A task that is an open dead letter, and one that succeeded, redriven if possible; where there are such. */
  readonly openTaskId: string | undefined
  readonly succeededTaskId: string | undefined
}

/** Longest that work under way may take to notice that the demo has ended early. */
const NOTICE_MS = 5_000

/**
 * Publishes real documents, lets things go wrong, and accounts for every task from the topics alone. Whatever happens,
 * nothing it started is left when it is over.
 *
 * @param whenDone Runs before anything is taken down. Its signal is aborted when the demo is interrupted or loses a
 *   process, with that as its reason.
 * @throws TowlineError TOWLINE_DEMO_FAILED, TOWLINE_INPUT_INVALID, TOWLINE_BROKER_UNAVAILABLE, …
 */
export async function runDemo(
  options: DemoOptions,
  world: DemoWorld,
  whenDone: (outcome: DemoOutcome, signal: AbortSignal) => Promise<void>,
): Promise<DemoReport> {
  const { view, interrupted } = world
  const resources = new Resources()
  const lost = new AbortController()
  const signal = AbortSignal.any([interrupted, lost.signal])
  const processes = new DemoProcesses(({ what, error, lastLines }) => {
    if (!signal.aborted && lastLines.length > 0) view.warn(`${what}; the last it wrote:`, lastLines)
    lost.abort(error)
  })
  const playing = play(options, { world, resources, signal, processes })
  try {
    const outcome = await Promise.race([playing, rejectWhenAborted(signal)])
    await whenDone(outcome, signal)
    if (options.cluster !== undefined) {
      view.say(`removing topics and groups; the subjects ${outcome.namespace}.digest.* stay registered`)
    }
    await takeDown(resources)
    return outcome.report
  } catch (error) {
    if (!signal.aborted) showLastLines(processes, view)
    if (!resources.isEmpty) view.say('taking everything down')
    // What is still under way may make something that has to be taken down.
    await atMost(NOTICE_MS, Promise.allSettled([playing]))
    for (const problem of await resources.release()) view.warn(`could not ${problem}`)
    throw signal.aborted ? signal.reason : error
  }
}

async function play(options: DemoOptions, context: Omit<StageContext, 'cluster'>): Promise<DemoOutcome> {
  const { world } = context
  const startedMs = world.clock.monotonicMs()
  const documents = await findDocuments([world.cwd, dirname(ownFile('./run-demo'))], options.tasks)
  const stage = await setStage({ ...context, cluster: options.cluster })
  const published = await publishDocuments(stage, documents)
  const takeOver = await workThroughCrash(stage, published)
  const { redriven, succeededTaskId } = await fixAndRedrive(stage)
  const replayed = await replayRange(stage, published)
  const { openDeadLetters, openTaskId } = await whatIsOpen(stage)
  world.view.act('The account, read from the topics by one who shares nothing with the runners')
  const account = await takeAccount(stage.account)
  const report = reportOf(account, {
    broker: stage.brokers,
    acknowledged: published.acknowledged,
    redriven,
    replayed,
    openDeadLetters,
    takeOverMs: takeOver(stage.watch.ends),
    elapsedMs: Math.round(world.clock.monotonicMs() - startedMs),
  })
  const { brokers, registry, namespace } = stage
  return { report, brokers, registry, namespace, openTaskId, succeededTaskId }
}

/** What the processes wrote may tell why something did not happen. */
function showLastLines(processes: DemoProcesses, view: DemoView): void {
  for (const { name, lastLines } of processes.running) {
    if (lastLines.length > 0) view.warn(`the last ${name} wrote:`, lastLines)
  }
}

async function takeDown(resources: Resources): Promise<void> {
  const problems = await resources.release()
  if (problems.length === 0) return
  throw demoFailed(`the demo could not ${problems.join('; nor ')}`)
}
