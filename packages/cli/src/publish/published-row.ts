import { isTowlineError, truncateUtf8 } from '@towline/contracts'
import type { PublishedTask } from '@towline/producer'
import { printable } from '../output/printable.ts'

/** A published task as it is printed. */
export interface PublishedRow {
  /** Of the input, from 1; null where the input is one document. */
  readonly line: number | null
  readonly taskId: string
  readonly partition: number
  readonly offset: number
  /** With `--wait`: what the handler returned. */
  readonly output?: unknown
}

/** An input that was not published, or whose task did not succeed. */
export interface FailedRow {
  readonly line: number | null
  /** With `--wait`, of a task that was published and failed. */
  readonly taskId?: string
  readonly error: { readonly code: string; readonly message: string }
}

/** A task that was published, and whose result was waited for in vain. */
export class ResultFailed extends Error {
  override readonly name = 'ResultFailed'
  readonly taskId: string

  constructor(taskId: string, cause: unknown) {
    super('no result', { cause })
    this.taskId = taskId
  }
}

export function publishedRow(line: number | null, task: PublishedTask<unknown>): PublishedRow {
  const { taskId, partition, offset } = task
  return { line, taskId, partition, offset }
}

export function failedRow(line: number | null, thrown: unknown): FailedRow {
  const cause = thrown instanceof ResultFailed ? thrown.cause : thrown
  const message = truncateUtf8(cause instanceof Error ? cause.message : String(cause), 1_024)
  const code = isTowlineError(cause) ? cause.code : cause instanceof Error ? cause.name : 'Error'
  return { line, ...(thrown instanceof ResultFailed ? { taskId: thrown.taskId } : {}), error: { code, message } }
}

/** One line for people and for `xargs`: the id, then the output where it was waited for. */
export function rowText({ taskId, output }: PublishedRow): string {
  return output === undefined ? `${taskId}\n` : `${taskId}  ${printable(JSON.stringify(output))}\n`
}
