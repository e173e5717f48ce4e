import type { ReplayResult, RunReplayOptions } from '@towline/replay'
import { EXIT, type ExitCode } from '../exit-codes.ts'
import { formatSpan, plural } from '../output/format-value.ts'
import type { Session } from '../session.ts'

/** Runs a replay with a bar, says how it ended, and how to go on with it. */
export async function runWithProgress(
  session: Session,
  agent: string,
  total: number,
  run: (options: RunReplayOptions) => Promise<ReplayResult>,
): Promise<ExitCode> {
  const progress = session.progress('replay', total)
  try {
    const result = await run({
      signal: session.io.interrupted,
      onProgress: ({ records, totalRecords, offsets, totalOffsets }) => {
        if (totalRecords === null) progress.update(offsets, totalOffsets)
        else progress.update(records, totalRecords)
      },
    })
    progress.stop()
    return report(session, agent, result)
  } finally {
    progress.stop()
  }
}

function report(session: Session, agent: string, result: ReplayResult): ExitCode {
  const { replayId, sent, elapsedMs } = result
  session.out.document(
    result,
    `${replayId}  ${result.end}, ${plural(sent, 'record')} sent in ${formatSpan(elapsedMs)}\n`,
  )
  switch (result.end) {
    case 'finished':
      session.say(`See how the tasks end: towline replay report ${agent} ${replayId}`)
      return EXIT.ok
    case 'stopped':
      session.say(`Stopped at a checkpoint. Go on: towline replay resume ${agent} ${replayId}`)
      return EXIT.interrupted
    case 'aborted':
      session.say('Somebody aborted it meanwhile. What was sent stays sent.')
      return EXIT.failure
  }
}
