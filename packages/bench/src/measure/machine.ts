import os from 'node:os'

/** What a number was measured on; numbers of two machines are not compared. */
export interface Machine {
  readonly platform: string
  readonly cpus: string
  /** Processes that wanted to run, averaged over the last minute, when the bench ended. Above the number of cpus others were at work too. */
  readonly load: number
}

export function machine(): Machine {
  const cpus = os.cpus()
  return {
    platform: `${os.platform()} ${os.arch()}`,
    cpus: `${cpus.length} × ${cpus[0]?.model.trim() ?? 'unknown'}`,
    load: Math.round((os.loadavg()[0] ?? 0) * 10) / 10,
  }
}
