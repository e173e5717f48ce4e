// Starts a process as the demo does, says its pid, and waits to be killed.
import process from 'node:process'
import { TowlineProcess } from '../../src/demo/child-process.ts'

const child = new TowlineProcess({
  name: 'a dev broker',
  args: ['dev-broker', '--port', '0', '--registry-port', '0', '-o', 'jsonl'],
  env: process.env,
  onLost: ({ error }) => {
    throw error
  },
})
const timer = setInterval(() => {
  if (child.readyDocument === undefined) return
  process.stdout.write(`${child.pid}\n`)
  clearInterval(timer)
  setInterval(() => undefined, 60_000)
}, 20)
