import { setTimeout as delay } from 'node:timers/promises'
import type { Answer, ApiCall, ApiDefinition } from '../apis/api.ts'
import type { Fault } from './faults.ts'

/** Handles a request the way `fault` wants it handled. */
export async function handleWithFault(
  fault: Fault,
  api: ApiDefinition,
  request: unknown,
  call: ApiCall,
): Promise<Answer<unknown>> {
  const handled = fault.when === 'after' ? await api.handle(request, call) : null
  await waitOut(fault, call.connectionClosed)
  return instead(fault, api, request) ?? handled ?? api.handle(request, call)
}

function instead(fault: Fault, api: ApiDefinition, request: unknown): Answer<unknown> | null {
  if (fault.reset === true) return 'reset-connection'
  if (fault.drop === true) return 'close-connection'
  return fault.errorCode === undefined ? null : api.refuse(request, fault.errorCode)
}

async function waitOut({ delayMs, hold }: Fault, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return
  const closed = Promise.withResolvers<void>()
  const onClosed = (): void => closed.resolve()
  signal.addEventListener('abort', onClosed, { once: true })
  try {
    if (delayMs !== undefined) await delay(delayMs, undefined, { signal }).catch(() => undefined)
    if (hold !== undefined) await Promise.race([hold, closed.promise])
  } finally {
    signal.removeEventListener('abort', onClosed)
  }
}
