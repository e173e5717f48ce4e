import { execFile } from 'node:child_process'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { freePorts } from './free-port.ts'
import { serverProperties } from './server-properties.ts'

const run = promisify(execFile)

export interface KafkaPlace {
  /** The folder of Kafka's jars. */
  readonly jars: string
  /** Where its properties and its data go. */
  readonly folder: string
  readonly clientPort: number
  /** What clients are told. Default: `clientPort`. */
  readonly advertisedPort?: number
  /** Of the server, besides or instead of those that every Kafka of the tests has. */
  readonly settings?: Readonly<Record<string, string>>
  readonly signal?: AbortSignal | undefined
}

/** Makes a folder one that a Kafka can start on; resolves to the path of its `server.properties`. */
export async function formatKafka({ jars, folder, signal, ...ports }: KafkaPlace): Promise<string> {
  const [controllerPort = 0] = await freePorts(1)
  const properties = join(folder, 'server.properties')
  const dataFolder = join(folder, 'data')
  await writeFile(properties, serverProperties({ ...ports, controllerPort, dataFolder }))
  const tool = ['-cp', join(jars, '*'), 'kafka.tools.StorageTool']
  const { stdout } = await run('java', [...tool, 'random-uuid'], { signal })
  await run('java', [...tool, 'format', '-t', stdout.trim(), '-c', properties], { signal })
  return properties
}
