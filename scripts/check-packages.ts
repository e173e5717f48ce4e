// npm run packages: what is published is what its package.json says. Run after `npm run types`, which makes dist/.

import { glob, readFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { publint } from 'publint'
import { formatMessage } from 'publint/utils'

const root = join(import.meta.dirname, '..')
let checked = 0

for await (const file of glob('packages/*/package.json', { cwd: root })) {
  const pkg = JSON.parse(await readFile(join(root, file), 'utf8')) as { readonly name: string; readonly private?: true }
  if (pkg.private) continue
  checked += 1
  const { messages } = await publint({ pkgDir: join(root, dirname(file)), strict: true })
  for (const message of messages) {
    console.error(`${pkg.name}: ${formatMessage(message, pkg)}`)
    process.exitCode = 1
  }
}

console.error(`packages: ${checked} checked`)
if (checked === 0) process.exitCode = 1
