import { createRequire } from 'node:module'
import { type KafkajsInternals, loadKafkajs } from '../../src/kafkajs/kafkajs-internals.ts'
import { applyPatches } from '../../src/kafkajs/patches/apply-patches.ts'

/** A second copy of kafkajs's modules, as they are installed. */
export function pristineKafkajs(): KafkajsInternals {
  const require = createRequire(import.meta.url)
  const loaded = Object.entries(require.cache).filter(([path]) => path.includes('/kafkajs/src/'))
  for (const [path] of loaded) delete require.cache[path]
  try {
    return loadKafkajs(require)
  } finally {
    for (const [path, module] of loaded) require.cache[path] = module
  }
}

/** A copy of its own with the patches on. */
export function patchedKafkajs(): KafkajsInternals {
  const kafkajs = pristineKafkajs()
  applyPatches(kafkajs)
  return kafkajs
}

/** A patch test runs on both: the fault must be there without the patch, or the patch is needless. */
export const BOTH = [
  { patched: false, load: pristineKafkajs },
  { patched: true, load: patchedKafkajs },
] as const
