import type { KafkajsConnection } from '../kafkajs-internals.ts'

const LENGTH_PREFIX_BYTES = 4

/**
 * kafkajs reuses a `Connection` after it was lost, with the half response that was in its buffer: every later response
 * is framed wrongly and every request times out. The socket before goes on telling the connection what befalls it, two
 * requests that find the connection closed open two, and each disconnect adds a listener to a socket that is gone.
 * Patched, a connection is opened once at a time and starts clean, and a socket it gave up is not heard any more.
 */
export function patchReconnect(connection: KafkajsConnection): void {
  const { connect, disconnect } = connection
  const connecting = new WeakMap<KafkajsConnection, Promise<unknown>>()

  connection.connect = function (this: KafkajsConnection): Promise<unknown> {
    const underWay = connecting.get(this)
    if (underWay !== undefined) return underWay
    if (!this.isConnected()) reset(this)
    const attempt = connect.call(this).finally(() => connecting.delete(this))
    connecting.set(this, attempt)
    return attempt
  }

  connection.disconnect = function (this: KafkajsConnection): Promise<unknown> {
    if (this.socket?.destroyed === true && !connecting.has(this)) this.socket = undefined
    return disconnect.call(this)
  }
}

function reset(connection: KafkajsConnection): void {
  const { socket } = connection
  socket?.removeAllListeners()
  socket?.on('error', () => undefined)
  socket?.destroy()
  connection.chunks = []
  connection.bytesBuffered = 0
  connection.bytesNeeded = LENGTH_PREFIX_BYTES
}
