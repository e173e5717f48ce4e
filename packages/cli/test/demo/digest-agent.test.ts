import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInProcessHost } from '@towline/agents'
import { type AttemptRequest, type HostResult, TerminalError } from '@towline/contracts'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createDigestAgent } from '../../src/demo/digest-agent.ts'
import { type LexiconService, startLexiconService } from '../../src/demo/lexicon-service.ts'
import type { DigestRequest } from '../../src/generated/digest-request.ts'
import { silent } from './silent.ts'

const LUCKY = '00000000-0000-7000-8000-00000000000d'
const UNLUCKY = '00000000-0000-7000-8000-00000000000c'

let folder: string
let lexicon: LexiconService

beforeAll(async () => {
  lexicon = await startLexiconService()
  folder = await mkdtemp(join(tmpdir(), 'towline-digest-'))
  await mkdir(join(folder, 'docs'))
  for (const file of ['package.json', 'LICENSE', 'docs/API.md', 'docs/with space.md']) {
    await writeFile(join(folder, file), '{}')
  }
})
afterAll(async () => {
  await Promise.all([lexicon.stop(), rm(folder, { recursive: true })])
})

async function run(
  markdown: string,
  { isFixed = true, taskId = LUCKY, path = 'docs/README.md', lexiconUrl = lexicon.url } = {},
): Promise<HostResult> {
  const origin = { topic: 'digest.tasks', partition: 0, offset: 0 }
  const input: DigestRequest = { path: join(folder, path), packageName: null, markdown }
  const attempt: AttemptRequest = {
    task: { taskId, key: null, life: 1, attempt: 1, origin, queuedAtMs: 0 },
    input,
    mayHaveRun: false,
    signal: new AbortController().signal,
    log: silent,
    publishChild: () => Promise.reject(new Error('it has no children')),
    reportProgress: () => undefined,
  }
  return await createInProcessHost(createDigestAgent({ lexiconUrl, isFixed })).run(attempt)
}

test('digests a document; links are looked up from its folder, or from its package where they begin with a slash', async () => {
  const markdown = [
    '# The title',
    '',
    '[a](API.md) [b](./API.md#part) [c](../LICENSE) [d](/LICENSE) [e](/docs/API.md?raw) [f](with%20space.md) [g](.)',
    '',
    '[h](LICENSE) [i](/API.md) [j](%zz.md)',
  ].join('\n')
  expect(await run(markdown)).toMatchObject({
    kind: 'returned',
    output: {
      path: join(folder, 'docs/README.md'),
      title: 'The title',
      headings: [{ level: 1, text: 'The title', line: 1 }],
      links: { external: 0, relative: 10, anchors: 0 },
      brokenLinks: [
        { target: 'LICENSE', line: 5 },
        { target: '/API.md', line: 5 },
        { target: '%zz.md', line: 5 },
      ],
    },
  })
})

test('breaks on a document without a heading, until it is fixed', async () => {
  const broken = await run('Just text.', { isFixed: false })
  expect(broken.kind === 'threw' && broken.thrown).toBeInstanceOf(TypeError)
  expect(await run('Just text.', { isFixed: true })).toMatchObject({ kind: 'returned', output: { title: null } })
})

test('rejects an empty document for good', async () => {
  const result = await run(' \n', { path: 'EMPTY.md' })
  expect(result.kind === 'threw' && result.thrown).toBeInstanceOf(TerminalError)
  expect(result).toMatchObject({ thrown: { message: expect.stringContaining('EMPTY.md is empty') as unknown } })
})

test('fails when the lexicon turns it away, and succeeds when it is tried again', async () => {
  const first = await run('# A', { taskId: UNLUCKY })
  expect(first).toMatchObject({ kind: 'threw', thrown: { message: 'the lexicon answered 503 Service Unavailable' } })
  expect(await run('# A', { taskId: UNLUCKY })).toMatchObject({ kind: 'returned' })
})
