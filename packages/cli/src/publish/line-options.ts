import { TowlineError } from '@towline/contracts'
import type { PublishOptions } from '@towline/producer'

/** The flags that say something about each task. */
export interface TaskOptions {
  readonly key?: string
  readonly keyField?: string
  readonly idempotencyKey?: string
  readonly idempotencyKeyField?: string
  readonly deadline?: string
  readonly tenant?: string
}

/** @throws TowlineError TOWLINE_OPTION_INVALID when flags contradict each other, or mean the same task for many lines */
export function checkTaskOptions(options: TaskOptions, isManyLines: boolean): void {
  if (options.key !== undefined && options.keyField !== undefined) throw either('--key', '--key-field')
  if (options.idempotencyKey !== undefined && options.idempotencyKeyField !== undefined) {
    throw either('--idempotency-key', '--idempotency-key-field')
  }
  if (isManyLines && options.idempotencyKey !== undefined) {
    throw new TowlineError('TOWLINE_OPTION_INVALID', '--idempotency-key would make all lines the same task', {
      wayOut: 'Give --idempotency-key-field <name>: a field of each line that tells it apart',
    })
  }
}

/** @throws TowlineError TOWLINE_INPUT_INVALID when a field that was named is not in this input */
export function publishOptionsOf(options: TaskOptions, input: unknown, line: number | null): PublishOptions {
  const key = options.keyField === undefined ? options.key : fieldOf(input, options.keyField, line)
  const idempotencyKey =
    options.idempotencyKeyField === undefined
      ? options.idempotencyKey
      : fieldOf(input, options.idempotencyKeyField, line)
  const { deadline, tenant } = options
  return {
    ...(key === undefined ? {} : { key }),
    ...(idempotencyKey === undefined ? {} : { idempotencyKey }),
    ...(deadline === undefined ? {} : { deadline }),
    ...(tenant === undefined ? {} : { tenant }),
  }
}

function fieldOf(input: unknown, field: string, line: number | null): string {
  const isObject = typeof input === 'object' && input !== null
  const value: unknown = isObject && Object.hasOwn(input, field) ? (input as Record<string, unknown>)[field] : undefined
  if ((typeof value === 'string' && value !== '') || typeof value === 'number') return String(value)
  const where = line === null ? 'the input' : `line ${line}`
  throw new TowlineError('TOWLINE_INPUT_INVALID', `${where} has no text or number in field ${JSON.stringify(field)}`, {
    value: line ?? 0,
    bound: field,
    wayOut: 'Name a field that every input has',
  })
}

function either(a: string, b: string): TowlineError {
  return new TowlineError('TOWLINE_OPTION_INVALID', `${a} and ${b} say the same`, { wayOut: 'Give one of the two' })
}
