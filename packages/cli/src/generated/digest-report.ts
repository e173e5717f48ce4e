// Generated from schemas/digest-report.avsc by `towline schemas types`. Do not edit.
import { type AvroSchema, avroSchema } from '@towline/contracts'

/** What is in a Markdown document: the output of the demo's agent type, digest. */
export interface DigestReport {
  /** Path of the document, as requested. */
  readonly path: string
  /** Text of its first heading. Null where it has none. */
  readonly title: string | null
  /** Its most telling sentences, word for word, in the order of the document. Empty where it has no prose. */
  readonly summary: readonly string[]
  /** Words of prose: code blocks do not count. */
  readonly words: number
  /** Fenced and indented code blocks. */
  readonly codeBlocks: number
  /** Its headings, in the order of the document. */
  readonly headings: readonly Heading[]
  /** Its links and images, counted. */
  readonly links: LinkCounts
  /** Relative links to files that do not exist, in the order of the document. */
  readonly brokenLinks: readonly BrokenLink[]
}

/** A heading. */
export interface Heading {
  /** From 1 to 6. */
  readonly level: number
  /** Its text without markup. */
  readonly text: string
  /** Line of the document, from 1. */
  readonly line: number
}

/** How many links of each kind. */
export interface LinkCounts {
  /** To another host or by another protocol. */
  readonly external: number
  /** To a file beside the document. */
  readonly relative: number
  /** To a place in the document itself. */
  readonly anchors: number
}

/** A relative link to a file that does not exist. */
export interface BrokenLink {
  /** As written in the document. */
  readonly target: string
  /** Line of the document, from 1. */
  readonly line: number
}

const schema = {
  type: 'record',
  name: 'DigestReport',
  namespace: 'io.towline.digest',
  doc: "What is in a Markdown document: the output of the demo's agent type, digest.",
  fields: [
    {
      name: 'path',
      type: 'string',
      doc: 'Path of the document, as requested.',
    },
    {
      name: 'title',
      type: ['null', 'string'],
      default: null,
      doc: 'Text of its first heading. Null where it has none.',
    },
    {
      name: 'summary',
      type: {
        type: 'array',
        items: 'string',
      },
      doc: 'Its most telling sentences, word for word, in the order of the document. Empty where it has no prose.',
    },
    {
      name: 'words',
      type: 'int',
      doc: 'Words of prose: code blocks do not count.',
    },
    {
      name: 'codeBlocks',
      type: 'int',
      doc: 'Fenced and indented code blocks.',
    },
    {
      name: 'headings',
      type: {
        type: 'array',
        items: {
          type: 'record',
          name: 'Heading',
          doc: 'A heading.',
          fields: [
            {
              name: 'level',
              type: 'int',
              doc: 'From 1 to 6.',
            },
            {
              name: 'text',
              type: 'string',
              doc: 'Its text without markup.',
            },
            {
              name: 'line',
              type: 'int',
              doc: 'Line of the document, from 1.',
            },
          ],
        },
      },
      doc: 'Its headings, in the order of the document.',
    },
    {
      name: 'links',
      type: {
        type: 'record',
        name: 'LinkCounts',
        doc: 'How many links of each kind.',
        fields: [
          {
            name: 'external',
            type: 'int',
            doc: 'To another host or by another protocol.',
          },
          {
            name: 'relative',
            type: 'int',
            doc: 'To a file beside the document.',
          },
          {
            name: 'anchors',
            type: 'int',
            doc: 'To a place in the document itself.',
          },
        ],
      },
      doc: 'Its links and images, counted.',
    },
    {
      name: 'brokenLinks',
      type: {
        type: 'array',
        items: {
          type: 'record',
          name: 'BrokenLink',
          doc: 'A relative link to a file that does not exist.',
          fields: [
            {
              name: 'target',
              type: 'string',
              doc: 'As written in the document.',
            },
            {
              name: 'line',
              type: 'int',
              doc: 'Line of the document, from 1.',
            },
          ],
        },
      },
      doc: 'Relative links to files that do not exist, in the order of the document.',
    },
  ],
}

export const DigestReport: AvroSchema<DigestReport> = avroSchema<DigestReport>(schema)
