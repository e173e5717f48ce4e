import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import type { BatchStore } from '../log/batch-store.ts'
import type { LogSink } from '../log-sink.ts'
import type { LogStorage, TopicIdentity } from '../topics/log-storage.ts'
import type { DataFiles } from './data-files.ts'
import { Segments } from './segments.ts'
import { unlessStorageFails } from './storage-error.ts'

/** The records of topics, a folder each: `<name>@<id>/<partition>`. */
export class DiskLogs implements LogStorage {
  readonly #folder: string
  readonly #files: DataFiles
  readonly #log: LogSink

  constructor(folder: string, files: DataFiles, log: LogSink) {
    this.#folder = folder
    this.#files = files
    this.#log = log
  }

  storeOf(topic: TopicIdentity, partition: number): BatchStore {
    return new Segments(join(this.#folder, folderOf(topic), String(partition)), {
      files: this.#files,
      onDamage: (damage) => this.#log('warn', 'a log is damaged', { topic: topic.name, partition, ...damage }),
    })
  }

  /** What cannot be removed is nobody's from now on: see `tellOfStrangers`. */
  remove(topic: TopicIdentity): void {
    unlessStorageFails(() => this.#files.remove(join(this.#folder, folderOf(topic))))
  }

  /** Folders of topics nobody knows are told of and left alone. */
  tellOfStrangers(known: Iterable<TopicIdentity>): void {
    const expected = new Set(Array.from(known, folderOf))
    const found = existsSync(this.#folder) ? readdirSync(this.#folder) : []
    const strangers = found.filter((folder) => !expected.has(folder))
    if (strangers.length > 0)
      this.#log('warn', 'the data directory holds records of topics it does not know', { strangers })
  }
}

function folderOf({ name, id }: TopicIdentity): string {
  return `${name}@${id}`
}
