import { atMost } from './wait-until.ts'

/** Longest the release of one resource may take. */
const RELEASE_TIMEOUT_MS = 20_000

interface Resource {
  readonly name: string
  readonly release: () => Promise<void>
}

/** Everything the demo has started or made, taken down in the reverse order, each whatever became of the others. */
export class Resources {
  readonly #held: Resource[] = []

  get isEmpty(): boolean {
    return this.#held.length === 0
  }

  /** `name` says in a message what could not be taken down. */
  add(name: string, release: () => Promise<void>): void {
    this.#held.push({ name, release })
  }

  /** Never rejects; returns a sentence for each that could not be taken down. */
  async release(): Promise<readonly string[]> {
    const problems: string[] = []
    for (let resource = this.#held.pop(); resource !== undefined; resource = this.#held.pop()) {
      const problem = await releaseOne(resource)
      if (problem !== undefined) problems.push(problem)
    }
    return problems
  }
}

async function releaseOne({ name, release }: Resource): Promise<string | undefined> {
  try {
    const done = await atMost(
      RELEASE_TIMEOUT_MS,
      release().then(() => true),
    )
    return done === undefined ? `${name}: not done within ${RELEASE_TIMEOUT_MS / 1_000} s` : undefined
  } catch (error) {
    return `${name}: ${error instanceof Error ? error.message : String(error)}`
  }
}
