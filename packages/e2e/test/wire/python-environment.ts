import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { runShell } from '../pages/run-shell.ts'

const REQUIREMENTS = join(import.meta.dirname, 'requirements.txt')

/** Why this machine cannot have a Python environment, or null. */
export function whyNoPython(): string | null {
  try {
    execFileSync('python3', ['-c', 'import ensurepip, venv'], { stdio: 'pipe' })
    return null
  } catch {
    return 'python3 with venv is not installed here (Debian packages python3 and python3-venv)'
  }
}

/** A folder with the Python of this machine and the packages of requirements.txt, apart from those it has itself. */
export class PythonEnvironment implements Disposable {
  /** PATH, with its `python` in front. */
  readonly path: string
  readonly #folder: string

  private constructor(folder: string) {
    this.#folder = folder
    this.path = [join(folder, 'bin'), process.env['PATH'] ?? ''].join(delimiter)
  }

  static async create(): Promise<PythonEnvironment> {
    const folder = mkdtempSync(join(tmpdir(), 'towline-python-'))
    const environment = new PythonEnvironment(folder)
    try {
      const pip = `"${folder}/bin/python" -m pip install -q --disable-pip-version-check -r "${REQUIREMENTS}"`
      await runShell(`python3 -m venv "${folder}"\n${pip}`, { cwd: folder, env: process.env, timeoutMs: 110_000 })
      return environment
    } catch (error) {
      environment[Symbol.dispose]()
      throw error
    }
  }

  [Symbol.dispose](): void {
    rmSync(this.#folder, { recursive: true, force: true })
  }
}
