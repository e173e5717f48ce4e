import { readFile, stat } from 'node:fs/promises'
import { TowlineError } from '@towline/contracts'

/** Largest file taken as one JSON document, in bytes. */
export const MAX_FILE_BYTES: number = 16 * 1024 * 1024

/** @throws TowlineError TOWLINE_INPUT_INVALID */
export function parseJson(text: string, where: string): unknown {
  const json = text.replace(/^\uFEFF/, '')
  if (json.trim() === '') throw invalid(`${where} is empty`, where, 'Give one JSON document')
  try {
    return JSON.parse(json)
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause)
    throw invalid(`${where} is not JSON: ${reason}`, where, 'Give one JSON document', cause)
  }
}

/** @throws TowlineError TOWLINE_INPUT_INVALID when the file is missing, empty, too large or no JSON. */
export async function readJsonFile(path: string): Promise<unknown> {
  const where = `file ${path}`
  const { size } = await stat(path).catch((cause: NodeJS.ErrnoException) => {
    throw unreadable(path, cause)
  })
  if (size > MAX_FILE_BYTES) {
    throw new TowlineError('TOWLINE_INPUT_INVALID', `${where} has ${size} bytes, more than ${MAX_FILE_BYTES}`, {
      value: size,
      bound: MAX_FILE_BYTES,
      wayOut: 'Write one JSON document per line and name the file *.jsonl',
    })
  }
  const text = await readFile(path, 'utf8').catch((cause: NodeJS.ErrnoException) => {
    throw unreadable(path, cause)
  })
  return parseJson(text, where)
}

export function unreadable(path: string, cause: NodeJS.ErrnoException): TowlineError {
  const reason = cause.code === 'ENOENT' ? 'no such file' : cause.code === 'EISDIR' ? 'it is a folder' : cause.message
  return invalid(`cannot read file ${path}: ${reason}`, path, 'Name a file of JSON, or - for stdin', cause)
}

function invalid(message: string, value: string, wayOut: string, cause?: unknown): TowlineError {
  return new TowlineError('TOWLINE_INPUT_INVALID', message, { value, wayOut, cause })
}
