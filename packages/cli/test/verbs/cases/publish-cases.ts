import type { VerbCases } from '../verb-case.ts'
import { publishFails } from './publish-fails.ts'

const DATA = `--data '{"path":"e.md"}'`
const ID = '[0-9a-f-]{36}'
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
      errors: ['TOWLINE_INPUT_INVALID', 'TOWLINE_SCHEMA_MISMATCH'],
      table: new RegExp(`^${ID}\n$`),
      says: /^TOWLINE_INPUT_INVALID: line 2 is not JSON: .*\. Write one JSON document per line\nline 3: TOWLINE_SCHEMA_MISMATCH: io\.example\.digest\.Request: path must be string, got a whole number\. .*\n1 task published, 2 lines failed\n$/,
    },
    {
      what: 'a task whose result does not come in time',
      call: () => `publish digest ${DATA} --wait 200ms`,
      code: 124,
      errors: ['TOWLINE_RESULT_TIMEOUT'],
      table: new RegExp(`^${ID}\n$`),
      says: /^error: TOWLINE_RESULT_TIMEOUT: .*200 ?ms.*\. .*towline tasks get.*\n$/,
    },
  ],
  fails: publishFails,
}
