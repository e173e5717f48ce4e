#!/usr/bin/env node
// Not compiled, so that it is there when npm links it: a fresh clone is installed before it is built.

import { existsSync } from 'node:fs'

const MAIN = new URL('../dist/main.js', import.meta.url)

// An older Node could not even load what follows, and would say so in words that help nobody.
const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)
if (major < 22 || (major === 22 && minor < 22)) {
  process.stderr.write(`error: towline needs Node 22.22 or newer, this is ${process.versions.node}. Install Node 24\n`)
  process.exit(1)
}
if (!existsSync(MAIN)) {
  process.stderr.write('error: this clone of Towline is not built. Run npm run build in it\n')
  process.exit(1)
}
await import(MAIN.href)
