// Every byte of the data directory goes through here, synchronously: what was written when `write` returns is the
// operating system's, and outlives this process however that ends. Nothing is synced: a power cut may cost the last seconds.

import { closeSync, constants, ftruncateSync, mkdirSync, openSync, readSync, rmSync, writeSync } from 'node:fs'
import { dirname, sep } from 'node:path'
import type { LogSink } from '../log-sink.ts'
import { StorageError } from './storage-error.ts'

/** Well below the 1,024 a process gets by default, half of which its clients may need. */
const MAX_OPEN_FILES = 256

export class DataFiles {
  readonly #log: LogSink
  /** By path, the one used longest ago first. */
  readonly #open = new Map<string, number>()
  #isFailing = false

  constructor(log: LogSink) {
    this.#log = log
  }

  /** Writes all of `bytes`, or throws StorageError and cuts the file off at `position`. Creates file and folder. */
  write(path: string, position: number, bytes: Buffer): void {
    try {
      const file = this.#file(path)
      try {
        for (let done = 0; done < bytes.length; )
          done += writeSync(file, bytes, done, bytes.length - done, position + done)
      } catch (error) {
        cutOff(file, position)
        throw error
      }
    } catch (error) {
      if (!this.#isFailing) this.#log('error', 'cannot write: refusing what would have to be kept', { path, error })
      this.#isFailing = true
      throw new StorageError(path, error)
    }
    if (this.#isFailing) this.#log('info', 'can write again', { path })
    this.#isFailing = false
  }

  /** @throws StorageError also when the file ends too early */
  read(path: string, position: number, length: number): Buffer {
    const bytes = Buffer.allocUnsafe(length)
    try {
      const file = this.#file(path)
      for (let done = 0; done < length; ) {
        const count = readSync(file, bytes, done, length - done, position + done)
        if (count === 0) throw new Error(`the file ends at ${position + done}, before ${position + length}`)
        done += count
      }
    } catch (error) {
      this.#log('error', 'cannot read what was stored', { path, error })
      throw new StorageError(path, error)
    }
    return bytes
  }

  /** Removes a file or a whole folder; what is not there is gone already. @throws StorageError */
  remove(path: string): void {
    for (const open of this.#open.keys()) if (open === path || open.startsWith(path + sep)) this.close(open)
    try {
      rmSync(path, { recursive: true, force: true })
    } catch (error) {
      this.#log('warn', 'cannot remove what is not needed any more', { path, error })
      throw new StorageError(path, error)
    }
  }

  close(path: string): void {
    const file = this.#open.get(path)
    if (file === undefined) return
    this.#open.delete(path)
    closeSync(file)
  }

  closeAll(): void {
    for (const path of this.#open.keys()) this.close(path)
  }

  #file(path: string): number {
    const known = this.#open.get(path)
    const [oldest] = this.#open.keys()
    if (known === undefined && this.#open.size >= MAX_OPEN_FILES && oldest !== undefined) this.close(oldest)
    const file = known ?? openOrCreate(path)
    this.#open.delete(path)
    this.#open.set(path, file)
    return file
  }
}

/** As far as it goes: the next write begins at the same place, and a reader of the file finds no whole batch or line there. */
function cutOff(file: number, position: number): void {
  try {
    ftruncateSync(file, position)
  } catch {
    // The write has failed, and says why.
  }
}

function openOrCreate(path: string): number {
  mkdirSync(dirname(path), { recursive: true })
  return openSync(path, constants.O_RDWR | constants.O_CREAT)
}
