import { fileURLToPath } from 'node:url'
import type { Env } from '@towline/fleet'

/** Whether this is the repository, which runs as TypeScript, and not an installed package, which is JavaScript. */
const isRepository = import.meta.url.endsWith('.ts')

/** A module of this package, by its path from this folder and without its extension, as a file that Node can run. */
export function ownFile(module: string): string {
  return fileURLToPath(new URL(`${module}${isRepository ? '.ts' : '.js'}`, import.meta.url))
}

/** What a person types to reach the command line that is running. */
export interface CallName {
  readonly towline: string
  readonly demo: string
}

/** By npm's scripts in the repository; else by name, or through npx where npx is what started this. */
export function callName(env: Env): CallName {
  if (isRepository) return { towline: 'npm run towline --', demo: 'npm run demo --' }
  const towline = env['npm_lifecycle_event'] === 'npx' ? 'npx towline' : 'towline'
  return { towline, demo: `${towline} demo` }
}
