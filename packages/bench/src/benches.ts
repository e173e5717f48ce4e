import type { Bench } from './bench.ts'
import { drain } from './benches/drain.ts'
import { keyed } from './benches/keyed.ts'
import { memory } from './benches/memory.ts'
import { pickup } from './benches/pickup.ts'
import { publish } from './benches/publish.ts'
import { replay } from './benches/replay.ts'
import { takeover } from './benches/takeover.ts'

export const BENCHES: readonly Bench[] = [drain, publish, pickup, keyed, replay, memory, takeover]
