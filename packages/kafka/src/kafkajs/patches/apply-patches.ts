import type { KafkajsInternals } from '../kafkajs-internals.ts'
import { KAFKA_ERROR } from '../protocol/error-codes.ts'
import { patchIdleTimer } from './idle-timer.ts'
import { patchLostMember } from './lost-member.ts'
import { patchPausedTurn } from './paused-turn.ts'
import { patchReconnect } from './reconnect.ts'

const patched = new WeakSet<object>()

/**
 * Repairs the four faults of kafkajs 2.2.4 that have no option. They change the prototypes of this process's kafkajs,
 * once, and only towards what its own documentation promises. What else differs from kafkajs (encoding, decoding,
 * commits, metadata) is code of ours beside it, not a patch.
 */
export function applyPatches(kafkajs: KafkajsInternals): void {
  if (patched.has(kafkajs.RequestQueue)) return
  patched.add(kafkajs.RequestQueue)
  patchIdleTimer(kafkajs.RequestQueue.prototype)
  patchReconnect(kafkajs.Connection.prototype)
  patchPausedTurn(kafkajs.ConsumerGroup.prototype)
  patchLostMember(kafkajs.ConsumerGroup.prototype, () => kafkajs.errorOfCode(KAFKA_ERROR.UNKNOWN_MEMBER_ID))
}
