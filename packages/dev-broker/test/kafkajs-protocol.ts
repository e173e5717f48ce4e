// kafkajs's own encoders and decoders, as an independent opinion on the bytes.

import { createRequire } from 'node:module'
import type { ApiName } from '../src/apis/api.ts'

export interface KafkajsProtocol {
  readonly request: {
    readonly apiKey: number
    readonly apiVersion: number
    encode(): Promise<{ readonly buffer: Buffer }>
  }
  readonly response: { decode(bytes: Buffer): Promise<unknown> }
}

interface Definition {
  readonly versions: readonly string[]
  protocol(selection: { version: number }): (args: object) => KafkajsProtocol
}

const { requests } = createRequire(import.meta.url)('kafkajs/src/protocol/requests') as {
  readonly requests: Readonly<Record<string, Definition>>
}

function definitionOf(api: ApiName): Definition {
  const definition = requests[api === 'FindCoordinator' ? 'GroupCoordinator' : api]
  if (definition === undefined) throw new Error(`kafkajs knows no ${api}`)
  return definition
}

export function kafkajsVersions(api: ApiName): readonly number[] {
  return definitionOf(api).versions.map(Number)
}

export function kafkajsProtocol(api: ApiName, version: number, args: object): KafkajsProtocol {
  return definitionOf(api).protocol({ version })(args)
}
