import type { Turn } from './alternate.ts'

/**
 * What a round stands on twice: once for a run that warms the process up and does not count. Every round has processes
 * of its own: how well the engine happens to compile one process is luck that rounds then average.
 */
export class WarmGround<Ground extends AsyncDisposable> implements AsyncDisposable {
  readonly warmUp: Ground
  readonly counted: Ground

  private constructor(warmUp: Ground, counted: Ground) {
    this.warmUp = warmUp
    this.counted = counted
  }

  /** @param prepareWarmUp Default: as what counts. */
  static async create<Ground extends AsyncDisposable>(
    prepare: () => Promise<Ground>,
    prepareWarmUp: () => Promise<Ground> = prepare,
  ): Promise<WarmGround<Ground>> {
    return new WarmGround(await prepareWarmUp(), await prepare())
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.warmUp[Symbol.asyncDispose]()
    await this.counted[Symbol.asyncDispose]()
  }
}

/** A turn in a new process that has done the same work once before. */
export function warmTurn<Process extends AsyncDisposable, Ground extends AsyncDisposable, Outcome>(
  start: () => Process,
  play: (process: Process, ground: Ground) => Promise<Outcome>,
): Turn<WarmGround<Ground>, Outcome> {
  return async ({ warmUp, counted }) => {
    await using process = start()
    await play(process, warmUp)
    return await play(process, counted)
  }
}
