#!/usr/bin/env node
// An older Node could not even load what follows, and would say so in words that help nobody.
const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)
if (major < 22 || (major === 22 && minor < 22)) {
  process.stderr.write(`error: towline needs Node 22.22 or newer, this is ${process.versions.node}. Install Node 24\n`)
  process.exit(1)
}
await import('./main.ts')
