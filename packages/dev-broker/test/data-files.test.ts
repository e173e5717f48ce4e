import { existsSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { DataFiles } from '../src/disk/data-files.ts'
import { StorageError } from '../src/disk/storage-error.ts'
import { dataFolder } from './data-folder.ts'

const silent = (): void => undefined

test('serves more files than it keeps open', () => {
  using folder = dataFolder()
  const files = new DataFiles(silent)
  const paths = Array.from({ length: 600 }, (_, i) => join(folder.path, String(i % 7), String(i)))
  for (const path of paths) files.write(path, 0, Buffer.from(path))
  for (const path of paths) files.write(path, path.length, Buffer.from('!'))
  for (const path of paths) expect(files.read(path, 0, path.length + 1).toString()).toBe(`${path}!`)
  files.closeAll()
})

test('removes a folder with the files it has open in it, and no other', () => {
  using folder = dataFolder()
  const files = new DataFiles(silent)
  const [gone, kept] = [join(folder.path, 'a', 'x'), join(folder.path, 'ab')]
  for (const path of [gone, kept]) files.write(path, 0, Buffer.from('1'))
  files.remove(join(folder.path, 'a'))
  expect([existsSync(gone), existsSync(kept)]).toEqual([false, true])
  files.write(gone, 0, Buffer.from('2'))
  expect(readFileSync(gone, 'utf8')).toBe('2')
  files.closeAll()
})

test('a file that ends too early is an error, not less than was asked for', () => {
  using folder = dataFolder()
  const files = new DataFiles(silent)
  const path = join(folder.path, 'f')
  files.write(path, 0, Buffer.from('12345'))
  writeFileSync(path, '123')
  expect(() => files.read(path, 1, 4)).toThrow(StorageError)
  files.closeAll()
})

test.runIf(existsSync('/dev/full'))(
  'a full device is an error, told of once until something can be written again',
  () => {
    using folder = dataFolder()
    const told: string[] = []
    const files = new DataFiles((_, message) => told.push(message))
    const [full, free] = [join(folder.path, 'full'), join(folder.path, 'free')]
    symlinkSync('/dev/full', full)
    for (const _ of [1, 2]) expect(() => files.write(full, 0, Buffer.from('x'))).toThrow(/ENOSPC/)
    files.write(free, 0, Buffer.from('x'))
    expect(() => files.write(full, 0, Buffer.from('x'))).toThrow(StorageError)
    const failing = 'cannot write: refusing what would have to be kept'
    expect(told).toEqual([failing, 'can write again', failing])
    files.closeAll()
  },
)
