import { uniqueNamespace } from '@towline/test-brokers'
import type { VerbCases } from '../verb-case.ts'

const DATA = `--data '{"path":"e.md"}'`
const ID = '[0-9a-f-]{36}'
const usage = (what: string, args: string, says: RegExp) => ({ what, call: () => args, code: 2, says }) as const

export const publishCases: VerbCases = {
  verb: 'publish',
  needs: ['broker', 'registry', 'config'],
  works: [
    { what: 'one task', call: () => `publish digest ${DATA}`, table: new RegExp(`^${ID}\n$`) },
    {
      what: 'lines of stdin',
      call: () => ({
        args: 'publish digest - --tenant acme --deadline 1h',
        stdin: '{"path":"f.md"}\n{"path":"g.md"}\n',
      }),
      table: new RegExp(`^(${ID}\n){2}$`),
      says: /^2 tasks published\n$/,
    },
    {
      what: 'lines some of which are bad',
      call: () => ({ args: 'publish digest -', stdin: '{"path":"h.md"}\nnope\n{"path":5}\n' }),
      code: 3,
      table: new RegExp(`^${ID}\n$`),
      says: /^TOWLINE_INPUT_INVALID: line 2 is not JSON: .*\. Write one JSON document per line\nline 3: TOWLINE_SCHEMA_MISMATCH: io\.example\.digest\.Request: path must be string, got a whole number\. .*\n1 task published, 2 lines failed\n$/,
    },
    {
      what: 'a task whose result does not come in time',
      call: () => `publish digest ${DATA} --wait 200ms`,
      code: 124,
      table: new RegExp(`^${ID}\n$`),
      says: /^error: TOWLINE_RESULT_TIMEOUT: .*200 ?ms.*\. .*towline tasks get.*\n$/,
    },
  ],
  fails: [
    {
      what: 'an unknown agent',
      call: () => `publish nosuch ${DATA}`,
      code: 4,
      says: /^error: TOWLINE_AGENT_UNKNOWN: no agent type "nosuch" is known\. Known: digest\n$/,
    },
    usage(
      'no input',
      'publish digest',
      /^error: TOWLINE_OPTION_INVALID: exactly one input must be named\. Give --data /,
    ),
    usage(
      'no JSON',
      "publish digest --data '{'",
      /^error: TOWLINE_INPUT_INVALID: --data is not JSON: .*\. Give one JSON document\n$/,
    ),
    usage(
      'a list instead of a task',
      "publish digest --data '[]'",
      /^error: TOWLINE_INPUT_INVALID: --data is a list of 0, a task is one object\. To publish several write one per line, .*\n$/,
    ),
    usage(
      'an input of the wrong shape',
      `publish digest --data '{"path":5}'`,
      /^error: TOWLINE_SCHEMA_MISMATCH: io\.example\.digest\.Request: path must be string, got a whole number\. .*\n$/,
    ),
    usage(
      'a file that is not there',
      'publish digest --file none.jsonl',
      /^error: TOWLINE_INPUT_INVALID: cannot read file .*none\.jsonl: no such file\. .*\n$/,
    ),
    usage(
      'a duration without unit',
      `publish digest ${DATA} --wait 5`,
      /^error: .*'5' is invalid.*It must be a duration such as '250ms'/,
    ),
    {
      what: 'schemas that nobody pushed',
      call: () => ({ args: `publish digest ${DATA}`, env: { TOWLINE_NAMESPACE: uniqueNamespace() } }),
      code: 1,
      says: /^error: TOWLINE_(SCHEMA_UNREGISTERED|TOPIC_MISSING): .*\. .*towline (schemas push|topics apply).*\n$/,
    },
  ],
}
