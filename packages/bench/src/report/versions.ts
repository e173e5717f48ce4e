import { createRequire } from 'node:module'
import process from 'node:process'

interface Manifest {
  readonly version: string
  readonly dependencies: Readonly<Record<string, string>>
}

/** Versions of what is compared; dependencies are pinned, so the manifest says which are installed. */
export function versions(): Readonly<Record<string, string>> {
  const { version, dependencies } = createRequire(import.meta.url)('../../package.json') as Manifest
  const { kafkajs = '', bullmq = '' } = dependencies
  return { node: process.versions.node, towline: version, kafkajs, bullmq }
}
