// Generated from schemas/digest-request.avsc by `towline schemas types`. Do not edit.
import { type AvroSchema, avroSchema } from '@towline/contracts'

/** A Markdown document to digest: the input of the demo's agent type, digest. */
export interface DigestRequest {
  /**
   * Path of the document, absolute or relative to the agent's working directory. Relative links are resolved from its
   * folder.
   */
  readonly path: string
  /** The npm package it belongs to. Null where it belongs to none. */
  readonly packageName: string | null
  /** Text of the document. */
  readonly markdown: string
}

const schema = {
  type: 'record',
  name: 'DigestRequest',
  namespace: 'io.towline.digest',
  doc: "A Markdown document to digest: the input of the demo's agent type, digest.",
  fields: [
    {
      name: 'path',
      type: 'string',
      doc: "Path of the document, absolute or relative to the agent's working directory. Relative links are resolved from its folder.",
    },
    {
      name: 'packageName',
      type: ['null', 'string'],
      default: null,
      doc: 'The npm package it belongs to. Null where it belongs to none.',
    },
    {
      name: 'markdown',
      type: 'string',
      doc: 'Text of the document.',
    },
  ],
}

export const DigestRequest: AvroSchema<DigestRequest> = avroSchema<DigestRequest>(schema)
