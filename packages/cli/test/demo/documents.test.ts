import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join, relative } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { findDocuments } from '../../src/demo/documents.ts'

let folder: string

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'towline-documents-'))
})
afterEach(async () => {
  await rm(folder, { recursive: true })
})

async function write(path: string, text = `# ${path}\n`): Promise<void> {
  await mkdir(dirname(join(folder, path)), { recursive: true })
  await writeFile(join(folder, path), text)
}

async function found(limit = 100, from = folder): Promise<string[]> {
  const documents = await findDocuments([from], limit)
  return documents.map(({ path }) => relative(folder, path))
}

test('finds the Markdown files of all packages, by name, with text and package', async () => {
  await write('node_modules/zeta/README.md', 'zeta\n')
  await write('node_modules/@scope/one/docs/GUIDE.MD', 'guide\n')
  await write('node_modules/alpha/node_modules/inner/a.md', 'inner\n')
  await write('node_modules/alpha/index.js')
  await write('node_modules/.cache/tool/notes.md')
  await write('README.md')
  expect(await findDocuments([folder], 100)).toEqual([
    { path: join(folder, 'node_modules/@scope/one/docs/GUIDE.MD'), packageName: '@scope/one', markdown: 'guide\n' },
    { path: join(folder, 'node_modules/alpha/node_modules/inner/a.md'), packageName: 'inner', markdown: 'inner\n' },
    { path: join(folder, 'node_modules/zeta/README.md'), packageName: 'zeta', markdown: 'zeta\n' },
  ])
})

test('stops at the limit, with the same ones each time', async () => {
  for (const name of ['b', 'a', 'd', 'c']) await write(`node_modules/${name}/README.md`)
  const expected = ['node_modules/a/README.md', 'node_modules/b/README.md']
  expect(await found(2)).toEqual(expected)
  expect(await found(2)).toEqual(expected)
})

test('passes over what is larger than 256 KiB', async () => {
  await write('node_modules/a/just-fits.md', 'x'.repeat(256 * 1024))
  await write('node_modules/a/too-large.md', 'x'.repeat(256 * 1024 + 1))
  expect(await found()).toEqual(['node_modules/a/just-fits.md'])
})

test('follows no link, so a loop does no harm', async () => {
  await write('node_modules/a/README.md')
  await symlink(join(folder, 'node_modules'), join(folder, 'node_modules/a/loop'))
  await symlink(join(folder, 'node_modules/a'), join(folder, 'node_modules/b'))
  await symlink(join(folder, 'node_modules/a/README.md'), join(folder, 'node_modules/a/copy.md'))
  await symlink(join(folder, 'nowhere.md'), join(folder, 'node_modules/a/dangling.md'))
  expect(await found()).toEqual(['node_modules/a/README.md'])
})

test('takes every node_modules of the folder and its parents, the nearest first', async () => {
  await write('node_modules/a/README.md')
  await write('packages/cli/node_modules/b/README.md')
  await write('packages/other/node_modules/c/README.md')
  await mkdir(join(folder, 'packages/cli/src'), { recursive: true })
  const expected = ['packages/cli/node_modules/b/README.md', 'node_modules/a/README.md']
  expect(await found(100, join(folder, 'packages/cli/src'))).toEqual(expected)
  expect(await found(1, join(folder, 'packages/cli/src'))).toEqual(expected.slice(0, 1))
})

test('looks in the next folder only where the first has none', async () => {
  await mkdir(join(folder, 'empty'))
  await write('one/node_modules/a/README.md')
  await write('two/node_modules/b/README.md')
  const documents = await findDocuments(
    ['empty', 'one', 'two'].map((name) => join(folder, name)),
    10,
  )
  expect(documents.map(({ path }) => relative(folder, path))).toEqual(['one/node_modules/a/README.md'])
})

test('says where it looked when there is none', async () => {
  await mkdir(join(folder, 'node_modules'))
  await expect(findDocuments([folder], 10)).rejects.toMatchObject({
    code: 'TOWLINE_INPUT_INVALID',
    value: folder,
    message: expect.stringContaining(folder) as unknown,
  })
})
