import type { Logger } from '@towline/contracts'
import { logLevel } from 'kafkajs'
import { expect, test } from 'vitest'
import { kafkajsLog } from '../../src/kafkajs/kafkajs-log.ts'

function recorded(): { lines: string[]; log: Logger } {
  const lines: string[] = []
  const at = (level: string) => (_: object, message: string) => {
    lines.push(`${level} ${message}`)
  }
  const log: Logger = { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error'), child: () => log }
  return { lines, log }
}

function entry(level: logLevel, message: string, error?: string) {
  return { namespace: 'Connection', level, label: '', log: { timestamp: '', logger: 'kafkajs', message, error } }
}

test('what is part of a quiet day is no warning: an idle connection, a rebalance', () => {
  const { lines, log } = recorded()
  const write = kafkajsLog(log).logCreator()
  write(entry(logLevel.ERROR, 'Connection timeout'))
  write(
    entry(logLevel.ERROR, 'Response Heartbeat(key: 12, version: 3)', 'The group is rebalancing, so a rejoin is needed'),
  )
  write(entry(logLevel.WARN, 'something it warns of'))
  write(entry(logLevel.ERROR, 'Crash: KafkaJSError: it broke'))
  expect(lines).toEqual([
    'debug kafkajs Connection: Connection timeout',
    'debug kafkajs Connection: Response Heartbeat(key: 12, version: 3)',
    'debug kafkajs Connection: something it warns of',
    'warn kafkajs Connection: Crash: KafkaJSError: it broke',
  ])
})

test('an outage is not a flood: a warning that repeats is passed on once in a while, without its stack', () => {
  const fields: object[] = []
  const { log } = recorded()
  const write = kafkajsLog({ ...log, warn: (given: object) => fields.push(given) }).logCreator()
  for (let attempt = 0; attempt < 1_000; attempt += 1) {
    const { log: said, ...refused } = entry(logLevel.ERROR, 'Connection error: connect ECONNREFUSED 127.0.0.1:9092')
    write({ ...refused, log: { ...said, broker: '127.0.0.1:9092', stack: 'Error: …' } })
  }
  write(entry(logLevel.ERROR, 'Crash: KafkaJSError: it broke'))
  expect(fields).toHaveLength(2)
  expect(fields[0]).toMatchObject({ broker: '127.0.0.1:9092' })
  expect(fields[0]).not.toHaveProperty('stack')
})

test('without a logger kafkajs is silent', () => {
  expect(kafkajsLog(undefined).logLevel).toBe(logLevel.NOTHING)
})
