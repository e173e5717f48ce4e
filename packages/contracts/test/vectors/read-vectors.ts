import { readFileSync } from 'node:fs'

/** One of the JSON files beside this one: fixed vectors that other implementations can be held against too. */
export function readVectors<T>(name: string): T {
  return JSON.parse(readFileSync(new URL(`./${name}.json`, import.meta.url), 'utf8')) as T
}
