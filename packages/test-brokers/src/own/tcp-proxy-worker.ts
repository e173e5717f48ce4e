// The thread that a TcpProxy's sockets live in, so that all of them stand still at once while it is cut.
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { parentPort, workerData } from 'node:worker_threads'
import { BACKLOG, CUT, type ProxyWorkerData } from './proxy-worker-data.ts'

const { targetPort, state } = workerData as ProxyWorkerData
const listener = createServer({ allowHalfOpen: true, noDelay: true })
listener.on('connection', (client) => {
  const server = connect({ port: targetPort, host: '127.0.0.1', allowHalfOpen: true, noDelay: true })
  endTogether(client, server)
  client.pipe(server)
  server.pipe(client)
})
listener.listen({ port: 0, host: '127.0.0.1', backlog: BACKLOG }, () => {
  parentPort?.postMessage((listener.address() as AddressInfo).port)
})

parentPort?.on('message', () => {
  parentPort?.postMessage('cut')
  Atomics.wait(state, 0, CUT)
})

function endTogether(one: Socket, other: Socket): void {
  for (const socket of [one, other]) {
    socket.on('error', () => undefined)
    socket.once('close', () => {
      one.destroy()
      other.destroy()
    })
  }
}
