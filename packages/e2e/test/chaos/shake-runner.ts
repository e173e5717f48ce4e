import { setTimeout as sleep } from 'node:timers/promises'
import type { RunnerProcess } from '../runner-process.ts'
import type { Course } from './course.ts'

export interface Runners {
  /** Starts one under a name that begins so; tries again while it cannot start. */
  start(name: string): Promise<RunnerProcess>
  /** Leaves the groups of a dead one in its name. */
  bury(name: string): Promise<void>
}

/** Kills, freezes, drains and restarts one runner; returns the last one, alive. */
export async function shakeRunner(
  { start, bury }: Runners,
  name: string,
  { random, isOver, tell }: Course,
): Promise<RunnerProcess> {
  let runner = await start(name)
  while (!isOver()) {
    await sleep(500 + random.below(2_500)) // chance says when; so it does of all waits of a chaotic day
    const misfortune = random.pick(['kill', 'bury', 'freeze', 'drain'] as const)
    tell(`${misfortune} ${runner.name}`)
    switch (misfortune) {
      case 'kill':
        await runner.kill()
        break
      case 'bury':
        await runner.kill()
        await bury(runner.name)
        break
      case 'drain':
        runner.signal('SIGTERM')
        await runner.exited
        break
      case 'freeze':
        runner.signal('SIGSTOP')
        await sleep(random.pick([300, 2_000, 4_000, 9_000]))
        runner.signal('SIGCONT')
        continue
    }
    runner = await start(name)
  }
  return runner
}
