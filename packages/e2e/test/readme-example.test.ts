import { execFile } from 'node:child_process'
import { readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { testBrokers } from '@towline/test-brokers'
import { describe, expect, test } from 'vitest'

const run = promisify(execFile)
const root = join(import.meta.dirname, '../../..')

async function exampleOfReadme(): Promise<string> {
  const readme = await readFile(join(root, 'README.md'), 'utf8')
  const block = /```ts\n([\s\S]*?)```/.exec(readme)?.[1]
  if (block === undefined) throw new Error('README.md has no TypeScript block')
  return block
}

describe.each(testBrokers())('on $name', ({ start }) => {
  test('the example of the README does what it says', async () => {
    await using broker = await start()
    const file = join(import.meta.dirname, `readme-example-${broker.kind}.scratch.ts`)
    await writeFile(file, await exampleOfReadme())
    try {
      const { stdout } = await run(process.execPath, ['--conditions=@towline/source', file], {
        env: {
          ...process.env,
          TOWLINE_BROKERS: broker.brokers.join(','),
          TOWLINE_REGISTRY: broker.registry,
          TOWLINE_NAMESPACE: `readme-${process.pid}`,
          TOWLINE_LOG_LEVEL: 'silent',
        },
        timeout: 25_000,
      })
      expect(stdout).toBe('HELLO\n')
    } finally {
      await rm(file)
    }
  })
})
