// npm run changeset:check: every changeset can be read and names packages of this repository. It asks git nothing, so
// that it says the same in any checkout; `changeset status` wants the base branch to be there.

import { glob, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { readChangesets } from '@changesets/read'

const root = join(import.meta.dirname, '..')
const packages = new Set<string>()
for await (const file of glob('packages/*/package.json', { cwd: root })) {
  packages.add((JSON.parse(await readFile(join(root, file), 'utf8')) as { readonly name: string }).name)
}

const changesets = await readChangesets(root)
for (const { id, releases, summary } of changesets) {
  const unknown = releases.filter(({ name }) => !packages.has(name)).map(({ name }) => name)
  if (unknown.length > 0) fail(id, `no package of this repository is called ${unknown.join(', ')}`)
  if (releases.length > 0 && summary === '') fail(id, 'it does not say what a user notices')
}
console.error(`changesets: ${changesets.length} read`)

function fail(id: string, why: string): void {
  console.error(`.changeset/${id}.md: ${why}. npm run changeset writes one`)
  process.exitCode = 1
}
