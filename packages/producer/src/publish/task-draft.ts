import {
  agentWithNamespace,
  envelopeHeaders,
  HEADER,
  type HeaderMap,
  idOfKey,
  isTaskId,
  newTaskId,
  parseDuration,
  TowlineError,
} from '@towline/contracts'
import type { PublishOptions } from './publish-options.ts'

/**
 * Most bytes of key and headers of one's own. With Towline's they stay within what a topic keeps free beside the
 * payload, see PAYLOAD_MARGIN_BYTES.
 */
export const OWN_HEADERS_MAX_BYTES: number = 32 * 1024

/** A task before its input is encoded. */
export interface TaskDraft {
  readonly taskId: string
  /** Its end may be older than this publish: it may have been published before. */
  readonly mayBeOld: boolean
  readonly key: Buffer
  readonly headers: HeaderMap
}

export interface DraftMoment {
  readonly agentType: string
  readonly namespace: string | undefined
  readonly nowMs: number
  /** W3C trace context of the publish, where it is traced. */
  readonly traceparent: string | undefined
}

/**
 * Id, key and headers of a task. Pure but for the randomness of a new id.
 *
 * @throws TowlineError TOWLINE_OPTION_INVALID, TOWLINE_HEADER_INVALID, TOWLINE_DURATION_INVALID
 */
export function draftTask(options: PublishOptions, moment: DraftMoment): TaskDraft {
  const taskId = taskIdOf(options, moment)
  const deadlineAtMs = deadlineOf(options.deadline, moment.nowMs)
  const { headers: own, tenant, idempotencyKey } = options
  const key = keyOf(options.key, taskId)
  checkOwnHeaders(own ?? {}, key)
  const headers = envelopeHeaders({ taskId, traceparent: moment.traceparent, deadlineAtMs, tenant, idempotencyKey })
  const mayBeOld = idempotencyKey !== undefined || options.taskId !== undefined
  return { taskId, mayBeOld, key, headers: own === undefined ? headers : { ...own, ...headers } }
}

function taskIdOf({ taskId, idempotencyKey, tenant }: PublishOptions, moment: DraftMoment): string {
  if (taskId !== undefined) {
    if (idempotencyKey !== undefined) {
      throw new TowlineError('TOWLINE_OPTION_INVALID', 'taskId and idempotencyKey both say which task this is', {
        wayOut: 'Give one of the two',
      })
    }
    if (isTaskId(taskId)) return taskId
    throw new TowlineError(
      'TOWLINE_OPTION_INVALID',
      `taskId must be a UUID in lower case, got ${JSON.stringify(taskId)}`,
      {
        value: taskId.slice(0, 64),
      },
    )
  }
  if (idempotencyKey === undefined) return newTaskId(moment.nowMs)
  return idOfKey(agentWithNamespace(moment.agentType, moment.namespace), tenant, idempotencyKey)
}

function deadlineOf(deadline: string | Date | undefined, nowMs: number): number | undefined {
  if (deadline === undefined) return undefined
  if (typeof deadline === 'string') return nowMs + parseDuration(deadline, 'deadline')
  const deadlineAtMs = deadline.getTime()
  if (Number.isSafeInteger(deadlineAtMs) && deadlineAtMs > 0) return deadlineAtMs
  throw new TowlineError('TOWLINE_OPTION_INVALID', 'deadline must be a moment after 1970, got an invalid date')
}

/** A task without a key of its own is keyed by its id: readers take that for no key. */
function keyOf(key: string | Buffer | undefined, taskId: string): Buffer {
  if (key === undefined) return Buffer.from(taskId)
  if (key.length > 0) return typeof key === 'string' ? Buffer.from(key) : key
  throw new TowlineError('TOWLINE_OPTION_INVALID', 'key must hold at least one byte', {
    wayOut: 'Leave it out for a task without order',
  })
}

function checkOwnHeaders(headers: HeaderMap, key: Buffer): void {
  let bytes = key.length
  for (const [name, value] of Object.entries(headers)) {
    if (name === '' || name === HEADER.ceId || name === HEADER.traceparent || name.startsWith('towline-')) {
      throw new TowlineError('TOWLINE_HEADER_INVALID', `header ${JSON.stringify(name)} is Towline's own`, {
        value: name,
        wayOut: 'Choose another name',
      })
    }
    for (const item of Array.isArray(value) ? value : [value]) {
      bytes += Buffer.byteLength(name) + Buffer.byteLength((item as Buffer | string | null) ?? '')
    }
  }
  if (bytes <= OWN_HEADERS_MAX_BYTES) return
  throw new TowlineError(
    'TOWLINE_HEADER_INVALID',
    `key and headers may hold ${OWN_HEADERS_MAX_BYTES} bytes together, got ${bytes}`,
    { value: bytes, bound: OWN_HEADERS_MAX_BYTES, wayOut: 'Put what is large into the input' },
  )
}
