import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'
import { DemoProcess, isAlive } from './demo-process.ts'

const REPOSITORY = fileURLToPath(new URL('../../../..', import.meta.url))

test('--keep holds everything until Ctrl-C, and the command lines it prints work meanwhile', async () => {
  await using demo = new DemoProcess(['--tasks', '30', '--keep'])
  await demo.says(/kcat .*\n/)
  const lines =
    demo.stderr
      .split(/\d+\. Look around.*\n/)[1]
      ?.split('\n')
      .map((line) => line.trim()) ?? []
  const exports = lines.filter((line) => line.startsWith('export '))
  const shell = async (part: string): Promise<string> => {
    const command = lines.find((line) => line.includes(part)) ?? `echo no command line has ${part}; false`
    const script = [...exports, command.replace('npm run ', 'npm run -s ')].join('\n')
    const { NODE_OPTIONS: _conditions, ...env } = process.env
    return (await promisify(execFile)('sh', ['-c', script], { cwd: REPOSITORY, env })).stdout
  }
  expect(Math.max(...lines.map((line) => line.length + 2))).toBeLessThanOrEqual(80)
  const [list, show, task, lag, offsets, replays] = await Promise.all([
    shell('dlq list'),
    shell('dlq show'),
    shell('tasks get'),
    shell('lag'),
    shell('offsets show'),
    shell('replay status'),
  ])
  expect(list).toContain('TOWLINE_UNDECODABLE')
  expect(show).toContain('TOWLINE_UNDECODABLE')
  expect(task).toMatch(/^state +(succeeded|dead-lettered)/m)
  expect(lag).toMatch(/digest\.tasks/)
  expect(offsets).toMatch(/demo-runner-\d/)
  expect(replays).toMatch(/finished/)

  expect(demo.stdout).toContain('The account balances')
  const processes = await demo.processes()
  expect(processes, 'the dev broker, two supervisors and their runners').toHaveLength(5)
  demo.interrupt()
  const { code, stderr } = await demo.ended
  expect(code, stderr).toBe(0)
  expect(processes.filter(isAlive)).toEqual([])
}, 90_000)
