// npm run clean-clone: a clone of the last commit, in which README.md, CONTRIBUTING.md and the agent developer's guide are
// typed: nothing is there but what the clone brings, and `towline` is the built one, on the path. CI runs it after the
// tests; `npm test` and `npm run verify`, which stand on these pages too, are what CI itself runs.

import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { readPage, scriptOf } from './markdown-page.ts'
import { runShell } from './run-shell.ts'

const ROOT = join(import.meta.dirname, '../../../..')
const GUIDE = 'docs/guides/agent-developer.md'
const INSTALL = 'npm ci'
const RUN_BY_CI = ['npm test', 'npm run verify']
/** Of this process and of the npm that began it; whoever has just cloned has none of it. */
const NOT_OF_A_STRANGER = /^(npm_|NODE_|TOWLINE_|INIT_CWD$)/

interface Step {
  readonly what: string
  readonly script: string
}

/** The commands of the first shell block of a page, without their comments. */
function commandsOf(path: string): readonly string[] {
  const block = readPage(path).blocks.find(({ language }) => language === 'sh')
  return (block?.text ?? '').split('\n').flatMap((line) => {
    const command = line.replace(/ +# .*/, '')
    return command === '' || RUN_BY_CI.some((other) => command.replace(`${INSTALL} && `, '') === other) ? [] : [command]
  })
}

/** What the guide has under a heading, once. */
function guide(heading: string): string {
  const blocks = readPage(GUIDE).blocks.filter((block) => block.heading === heading)
  if (blocks.length === 0) throw new Error(`${GUIDE} has nothing under ${JSON.stringify(heading)}`)
  return blocks.map(scriptOf).join('\n')
}

/** `npm ci` is what the first step begins with; doing it again would only take time. */
function installed(script: string): string {
  return script.replace(`${INSTALL} && `, '')
}

function steps(): readonly Step[] {
  const [demo = ''] = commandsOf('README.md')
  const [, ...contributing] = commandsOf('CONTRIBUTING.md')
  const work = installed(guide('Where to work'))
  const run = guide('Run it')
  const onKafka = [
    guide('On Apache Kafka').replace(/^npm run kafka.*/, 'npm run -s kafka > kafka.txt &'),
    'while ! grep -q "^export TOWLINE_BROKERS=" kafka.txt; do kill -0 $!; sleep 0.2; done',
    'eval "$(cat kafka.txt)"',
    'export PATH="$PWD/node_modules/.bin:$PATH"',
    'cd my-agents',
  ]
  return [
    { what: 'README.md', script: demo },
    { what: 'CONTRIBUTING.md', script: [...contributing, 'git diff --exit-code'].join('\n') },
    {
      what: `${GUIDE}, on the dev broker`,
      script: [work, 'towline --version', guide('Make a project'), run].join('\n'),
    },
    { what: `${GUIDE}, on Apache Kafka`, script: [...onKafka, run].join('\n') },
  ]
}

function environment(): NodeJS.ProcessEnv {
  const kept = Object.entries(process.env).filter(([name]) => !NOT_OF_A_STRANGER.test(name))
  const path = (process.env['PATH'] ?? '').split(delimiter).filter((folder) => !folder.startsWith(ROOT))
  return { ...Object.fromEntries(kept), PATH: path.join(delimiter), npm_config_prefer_offline: 'true' }
}

const clone = mkdtempSync(join(tmpdir(), 'towline-clone-'))
try {
  execFileSync('git', ['clone', '--quiet', '--local', ROOT, clone], { stdio: 'inherit' })
  for (const { what, script } of steps()) {
    const startedAt = performance.now()
    await runShell(script, { cwd: clone, env: environment(), timeoutMs: 180_000 })
    process.stderr.write(`clean clone: ${what}: ${((performance.now() - startedAt) / 1_000).toFixed(1)} s\n`)
  }
} finally {
  rmSync(clone, { recursive: true, force: true, maxRetries: 5 })
}
