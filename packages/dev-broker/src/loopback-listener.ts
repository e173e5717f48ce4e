import type { AddressInfo, Server } from 'node:net'
import { isIPv4 } from 'node:net'
import { DevBrokerError } from './dev-broker-error.ts'

export interface ListenAddress {
  readonly host: string
  /** 0 = any free port. */
  readonly port: number
}

/**
 * Listens on a loopback address and resolves to the address it got. `what` names the server in errors, for example
 * `the dev registry`.
 * @throws DevBrokerError TOWLINE_DEV_BROKER_NOT_LOOPBACK, _PORT_TAKEN, or _CANNOT_LISTEN for any other refusal of the system.
 */
export async function listenOnLoopback(
  server: Server,
  { host, port }: ListenAddress,
  what: string,
): Promise<AddressInfo> {
  if (!isLoopback(host)) {
    throw new DevBrokerError('TOWLINE_DEV_BROKER_NOT_LOOPBACK', `${what} cannot listen on ${host}`, {
      value: host,
      wayOut: 'It has no authentication, so it serves 127.0.0.1, ::1 or localhost only',
    })
  }
  try {
    return await listen(server, { host, port })
  } catch (error) {
    throw listenError(error, { host, port }, what)
  }
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || (isIPv4(host) && host.startsWith('127.'))
}

function listen(server: Server, address: ListenAddress): Promise<AddressInfo> {
  const { promise, resolve, reject } = Promise.withResolvers<AddressInfo>()
  server.once('error', reject)
  server.listen(address, () => {
    server.off('error', reject)
    resolve(server.address() as AddressInfo)
  })
  return promise
}

function listenError(error: unknown, { host, port }: ListenAddress, what: string): DevBrokerError {
  const at = `${host}:${port}`
  if (error instanceof Error && 'code' in error && error.code === 'EADDRINUSE') {
    return new DevBrokerError('TOWLINE_DEV_BROKER_PORT_TAKEN', `${what} cannot listen on ${at}: the port is taken`, {
      value: at,
      wayOut: 'Stop the process that holds it, or choose another port (0 = any free one)',
      cause: error,
    })
  }
  const reason = error instanceof Error ? error.message : String(error)
  return new DevBrokerError('TOWLINE_DEV_BROKER_CANNOT_LISTEN', `${what} cannot listen on ${at}: ${reason}`, {
    value: at,
    wayOut: 'Choose a port from 0 to 65535 that this user may open',
    cause: error,
  })
}
