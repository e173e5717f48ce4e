import { formatSpan } from '../output/format-value.ts'
import { type Finding, ok, problem, warning } from './finding.ts'

/** How far this machine's clock is ahead of the brokers', within bounds; negative where it is behind. */
export interface ClockSkew {
  readonly leastMs: number
  readonly mostMs: number
}

/** From here a retry is noticeably early or late. */
const WARNING_MS = 1_000
/** From here it is out of all proportion to the shortest delays. */
const PROBLEM_MS = 10_000

/** What a round trip says: a record sent at `sentAtMs` was appended at `appendedAtMs` before `answeredAtMs`. Pure. */
export function skewOf(sentAtMs: number, appendedAtMs: number, answeredAtMs: number): ClockSkew {
  return { leastMs: sentAtMs - appendedAtMs, mostMs: answeredAtMs - appendedAtMs }
}

/** A record from the future: this machine is behind at least so far. What is older than now says nothing. */
export function skewOfNewest(newestAtMs: number, nowMs: number): ClockSkew {
  return { leastMs: Number.NEGATIVE_INFINITY, mostMs: nowMs - newestAtMs }
}

const WAY_OUT = 'Synchronise both clocks (chrony or systemd-timesyncd); retries run early or late by the difference'

/** Judges only what the bounds prove. Pure. */
export function checkClock(skew: ClockSkew | null): Finding {
  if (skew === null)
    return ok('clock', null, 'not measured, since nothing has waited in a retry topic yet; --measure-clock does')
  const provenMs = skew.leastMs > 0 ? skew.leastMs : skew.mostMs < 0 ? -skew.mostMs : 0
  if (provenMs < WARNING_MS) return ok('clock', null, agreement(skew))
  const direction = skew.leastMs > 0 ? 'ahead of' : 'behind'
  const message = `this machine's clock is ${formatSpan(provenMs)} or more ${direction} the brokers'`
  return (provenMs >= PROBLEM_MS ? problem : warning)('clock', null, message, WAY_OUT)
}

function agreement({ leastMs, mostMs }: ClockSkew): string {
  if (!Number.isFinite(leastMs)) {
    return `no record is from the future, so this machine is not behind the brokers; --measure-clock measures both ways`
  }
  return `agrees with the brokers' within ${formatSpan(Math.max(Math.abs(leastMs), Math.abs(mostMs)))}`
}
