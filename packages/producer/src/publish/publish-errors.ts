import { TowlineError } from '@towline/contracts'

export function producerClosed(): TowlineError {
  return new TowlineError('TOWLINE_PRODUCER_CLOSED', 'this connection is closed', {
    wayOut: 'Connect again, and close only when nothing is left to publish',
  })
}

export function payloadTooLarge(topic: string, bytes: number, boundBytes: number): TowlineError {
  return new TowlineError('TOWLINE_PAYLOAD_TOO_LARGE', `an input of ${bytes} bytes, ${topic} takes ${boundBytes}`, {
    value: bytes,
    bound: boundBytes,
    wayOut: 'Publish a reference to the data, or raise max.message.bytes of the topics (towline topics plan)',
  })
}

export function tooManyUnprepared(bound: number): TowlineError {
  return new TowlineError('TOWLINE_PRODUCER_FULL', `${bound} publishes wait for the registry and Kafka to answer`, {
    value: bound,
    bound,
    retriable: true,
    wayOut: 'Await earlier publishes, or use publishMany, which waits for room',
  })
}
