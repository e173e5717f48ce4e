// npm run kafka: an Apache Kafka for development, in a container or on the JVM, with the dev broker's registry beside it.

import { startRegistry } from '@towline/dev-broker'
import { findKafka } from '@towline/test-brokers'

const interrupted = new AbortController()
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => interrupted.abort())

const registry = await startRegistry({ port: 0 })
try {
  console.error('starting Apache Kafka; the first time its image or its jars are fetched')
  const attempts: string[] = []
  const env = { ...process.env, TOWLINE_BROKERS: undefined }
  const kafka = await findKafka(env, { tell: (line) => attempts.push(line), signal: interrupted.signal })
  if (kafka === null) {
    console.error(`there is none to start: ${attempts.slice(1).join('; ')}`)
    process.exitCode = 1
  } else {
    console.error(`${kafka.description}. What it holds is gone when it stops. Stop it by Ctrl-C; in other terminals:`)
    console.log(`export TOWLINE_BROKERS=${kafka.brokers} TOWLINE_REGISTRY=${registry.url}`)
    if (!interrupted.signal.aborted)
      await new Promise((resolve) => interrupted.signal.addEventListener('abort', resolve))
    await kafka.stop()
  }
} finally {
  await registry.stop()
}
