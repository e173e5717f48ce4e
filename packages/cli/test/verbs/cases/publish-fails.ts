import { KAFKA_ERRORS } from '@towline/dev-broker'
import { busyNamespace, callIn, namespaceWithoutSchemas, namespaceWithoutTopics } from '../places.ts'
import type { CodeOfError, FailingCase } from '../verb-case.ts'
import { unknownAgent } from './agent-fails.ts'

const DATA = `--data '{"path":"e.md"}'`
const ONE_ID = /^[0-9a-f-]{36}\n$/

const usage = (what: string, args: string, error: CodeOfError | null, says: RegExp): FailingCase => ({
  what,
  call: () => args,
  error,
  code: 2,
  says,
})

const WRONG_CALLS: readonly FailingCase[] = [
  usage(
    'no input',
    'publish digest',
    'TOWLINE_OPTION_INVALID',
    /^error: TOWLINE_OPTION_INVALID: exactly one input must be named\. Give --data /,
  ),
  usage(
    'no JSON',
    "publish digest --data '{'",
    'TOWLINE_INPUT_INVALID',
    /^error: TOWLINE_INPUT_INVALID: --data is not JSON: .*\. Give one JSON document\n$/,
  ),
  usage(
    'a list instead of a task',
    "publish digest --data '[]'",
    'TOWLINE_INPUT_INVALID',
    /^error: TOWLINE_INPUT_INVALID: --data is a list of 0, a task is one object\. To publish several write one per line, .*\n$/,
  ),
  usage(
    'an input of the wrong shape',
    `publish digest --data '{"path":5}'`,
    'TOWLINE_SCHEMA_MISMATCH',
    /^error: TOWLINE_SCHEMA_MISMATCH: io\.example\.digest\.Request: path must be string, got a whole number\. .*\n$/,
  ),
  usage(
    'a file that is not there',
    'publish digest --file none.jsonl',
    'TOWLINE_INPUT_INVALID',
    /^error: TOWLINE_INPUT_INVALID: cannot read file .*none\.jsonl: no such file\. .*\n$/,
  ),
  usage(
    'a duration without unit',
    `publish digest ${DATA} --wait 5`,
    null,
    /^error: .*'5' is invalid.*It must be a duration such as '250ms'/,
  ),
  usage(
    'a deadline that is no duration',
    `publish digest ${DATA} --deadline soon`,
    'TOWLINE_DURATION_INVALID',
    /^error: TOWLINE_DURATION_INVALID: deadline must be a duration .*, got "soon"\. Write .*\n$/,
  ),
  usage(
    'a tenant without a name',
    `publish digest ${DATA} --tenant ''`,
    'TOWLINE_HEADER_INVALID',
    /^error: TOWLINE_HEADER_INVALID: towline-tenant must be text of 1 to 256 bytes, got 0 bytes\. Leave it out\n$/,
  ),
]

const REFUSED: readonly FailingCase[] = [
  unknownAgent(`publish nosuch ${DATA}`),
  {
    what: 'schemas that nobody pushed',
    call: async (project) => callIn(await namespaceWithoutSchemas(project), `publish digest ${DATA}`),
    error: 'TOWLINE_SCHEMA_UNREGISTERED',
    code: 1,
    says: /^error: TOWLINE_SCHEMA_UNREGISTERED: .*\. Register it: towline schemas push\n$/,
  },
  {
    what: 'topics that are missing',
    call: async (project) => callIn(await namespaceWithoutTopics(project), `publish digest ${DATA}`),
    error: 'TOWLINE_TOPIC_MISSING',
    code: 1,
    says: /^error: TOWLINE_TOPIC_MISSING: topic "?\S+\.digest\.\w+"? does not exist\. Create it.* towline topics apply\n$/,
  },
  {
    what: 'an input that is larger than the topic takes',
    call: () => ({ args: 'publish digest -', stdin: `{"path":"${'x'.repeat(1_100_000)}"}\n` }),
    error: 'TOWLINE_PAYLOAD_TOO_LARGE',
    code: 2,
    says: /^line 1: TOWLINE_PAYLOAD_TOO_LARGE: an input of 1100\d+ bytes, \S+ takes \d+\. Publish a reference .*\n0 tasks published, 1 line failed\n$/,
  },
  {
    what: 'to count as published what Kafka did not acknowledge',
    call: () => ({ args: `publish digest ${DATA}`, env: { TOWLINE_DELIVERY_TIMEOUT: '300ms' } }),
    fault: { api: 'Produce', errorCode: KAFKA_ERRORS.REQUEST_TIMED_OUT },
    error: 'TOWLINE_PUBLISH_FAILED',
    code: 1,
    says: /^error: TOWLINE_PUBLISH_FAILED: .* did not acknowledge a record within 300 ms: .*\. It may have been written: publish again .*\n$/,
  },
  {
    what: 'a line for which there is no room while another waits',
    call: () => ({
      args: 'publish digest -',
      stdin: ['a', 'b'.repeat(500_000), 'c'.repeat(700_000)].map((path) => `{"path":"${path}"}\n`).join(''),
      env: { TOWLINE_MAX_BUFFERED_BYTES: String(1024 ** 2) },
    }),
    fault: { api: 'Produce', delayMs: 300 },
    error: 'TOWLINE_PRODUCER_FULL',
    code: 3,
    says: /^line 3: TOWLINE_PRODUCER_FULL: 500\d+ bytes wait to be sent, the bound is 1048576\. Await .*\n2 tasks published, 1 line failed\n$/,
    prints: /^([0-9a-f-]{36}\n){2}$/,
  },
]

const WAITED_FOR: readonly FailingCase[] = [
  {
    what: 'to call a task well that died',
    call: async (project) =>
      callIn(await busyNamespace(project), `publish digest --data '{"path":"gone.md"}' --wait 20s`),
    error: 'TOWLINE_TASK_DEAD',
    code: 1,
    says: /^error: TOWLINE_TASK_DEAD: task \S{36} was dead-lettered \(terminal\): .*\. See it with: towline tasks get digest \S{36}\n$/,
    prints: ONE_ID,
  },
  {
    what: 'to call a task well that began too late',
    call: async (project) => callIn(await busyNamespace(project), `publish digest ${DATA} --deadline 1ms --wait 20s`),
    error: 'TOWLINE_TASK_EXPIRED',
    code: 1,
    says: /^error: TOWLINE_TASK_EXPIRED: task \S{36} was not started before its deadline\. Publish it again .*\n$/,
    prints: ONE_ID,
  },
]

export const publishFails: readonly FailingCase[] = [...WRONG_CALLS, ...REFUSED, ...WAITED_FOR]
