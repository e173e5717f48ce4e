import type { Bench } from './bench.ts'
import { drain } from './benches/drain.ts'
import { lanes } from './benches/lanes.ts'
import { latency } from './benches/latency.ts'
import { publish } from './benches/publish.ts'
import { replay } from './benches/replay.ts'
import { takeover } from './benches/takeover.ts'

export const BENCHES: readonly Bench[] = [drain, publish, latency, lanes, replay, takeover]
