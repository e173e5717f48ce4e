import { connect, isIP } from 'node:net'
import { connect as connectTls } from 'node:tls'
import type { ISocketFactory } from 'kafkajs'

const KEEP_ALIVE_AFTER_MS = 10_000
/** A JoinGroup may be silent for the rebalance timeout plus the 5 s that kafkajs adds; a shorter idle timeout would end every join. */
const JOIN_MARGIN_MS = 10_000
const SOCKET_IDLE_MS = 20_000

/** The idle timeout of a consumer's sockets. */
export function consumerIdleMs(rebalanceTimeoutMs: number): number {
  return Math.max(SOCKET_IDLE_MS, rebalanceTimeoutMs + JOIN_MARGIN_MS)
}

/**
 * Sockets that give up on a silent peer: kafkajs's own keep requests on a dead connection for up to 15 minutes, until
 * TCP does. On the idle timeout kafkajs rejects what waits, drops the connection and opens the next.
 */
export function socketFactory(idleMs: number = SOCKET_IDLE_MS): ISocketFactory {
  return ({ host, port, ssl, onConnect }) => {
    const server = isIP(host) === 0 ? { servername: host } : {}
    const socket = ssl ? connectTls({ host, port, ...server, ...ssl }, onConnect) : connect({ host, port }, onConnect)
    socket.setNoDelay(true)
    socket.setKeepAlive(true, KEEP_ALIVE_AFTER_MS)
    socket.setTimeout(idleMs)
    return socket
  }
}
