import type { ApiName, Fault } from '@towline/dev-broker'
import type { ExitCode } from '../../src/exit-codes.ts'
import type { OutputFormat } from '../../src/output/output.ts'
import type { RunningCli } from '../cli-process.ts'
import type { CallOptions, Project } from './project.ts'

/** The words after `towline`, and what else a call is given. */
export type Call = string | (CallOptions & { readonly args: string })

/** What stderr calls an error by. */
export type CodeOfError = `TOWLINE_${string}`

/** A call of a verb that does what it is for. */
export interface WorkingCase {
  readonly what: string
  /** Called for each format, so that what changes something takes another victim each time. */
  call(project: Project, format: OutputFormat): Call | Promise<Call>
  /** Default 0. */
  readonly code?: ExitCode
  /** Errors that stderr tells beside what was done. */
  readonly errors?: readonly CodeOfError[]
  /** All of stdout, for people. */
  readonly table: RegExp
  /** All of stderr. Default: nothing. */
  readonly says?: RegExp
  /** Of a verb that runs until it is told to stop: what it says when it is told. */
  readonly until?: string
  /** Default: all. */
  readonly formats?: readonly OutputFormat[]
}

/** A call that is refused or fails. */
export interface FailingCase {
  readonly what: string
  call(project: Project): Call | Promise<Call>
  /** Null: the call itself is wrong, which has no code. */
  readonly error: CodeOfError | null
  readonly code: ExitCode
  /** All of stderr. */
  readonly says: RegExp
  /** All of stdout. Default: nothing. */
  readonly prints?: RegExp
  /** What the dev broker does to this call alone; on another broker the case does not run. */
  readonly fault?: Omit<Fault, 'clientId'>
  /** What happens while it runs. */
  meanwhile?(running: RunningCli, project: Project): Promise<void>
}

/** Every way a verb is tested as a user would call it. */
export interface VerbCases {
  readonly verb: string
  /** What it needs; every verb that needs one is called without it too. */
  readonly needs: readonly ('broker' | 'registry' | 'config')[]
  /** The request that its first working case makes and Kafka may refuse. Default: Metadata. */
  readonly refusedAt?: ApiName
  /** It starts a broker of its own: on another one there is nothing to see. */
  readonly bringsItsBroker?: true
  readonly works: readonly WorkingCase[]
  readonly fails: readonly FailingCase[]
}
