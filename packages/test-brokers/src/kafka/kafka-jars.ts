import { execFile } from 'node:child_process'
import { access, mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'

export const KAFKA_VERSION = '4.3.1'

const run = promisify(execFile)

const DEPENDENCIES = [
  ['org.apache.kafka', 'kafka_2.13', KAFKA_VERSION],
  ['org.apache.kafka', 'kafka-tools', KAFKA_VERSION],
  ['org.slf4j', 'slf4j-simple', '1.7.36'],
] as const

/** Where the jars are kept between runs: `$XDG_CACHE_HOME/towline/apache-kafka-<version>`, by default under `~/.cache`. */
export function jarCache(env: Readonly<Record<string, string | undefined>>): string {
  const cache = env['XDG_CACHE_HOME'] || join(homedir(), '.cache')
  return join(cache, 'towline', `apache-kafka-${KAFKA_VERSION}`)
}

/**
 * The folder of Kafka's jars (54 MB), brought by Maven the first time. It appears whole or not at all, so that two
 * processes may ask at once and an interrupted download leaves nothing behind that looks complete.
 */
export async function kafkaJars(cache: string, options: { signal?: AbortSignal | undefined } = {}): Promise<string> {
  const jars = join(cache, 'lib')
  if (await exists(jars)) return jars
  await mkdir(cache, { recursive: true })
  const staging = await mkdtemp(join(cache, 'download-'))
  try {
    const pom = join(staging, 'pom.xml')
    await writeFile(pom, pomXml())
    const download = ['dependency:copy-dependencies', `-DoutputDirectory=${join(staging, 'lib')}`]
    await run('mvn', ['-q', '-B', '-f', pom, ...download], { signal: options.signal, maxBuffer: 16 * 1024 * 1024 })
    await rename(join(staging, 'lib'), jars).catch(async (error: unknown) => {
      if (!(await exists(jars))) throw error
    })
  } finally {
    await rm(staging, { recursive: true, force: true })
  }
  return jars
}

function pomXml(): string {
  const dependencies = DEPENDENCIES.map(
    ([group, artifact, version]) =>
      `<dependency><groupId>${group}</groupId><artifactId>${artifact}</artifactId><version>${version}</version></dependency>`,
  )
  return [
    '<project xmlns="http://maven.apache.org/POM/4.0.0"><modelVersion>4.0.0</modelVersion>',
    '<groupId>io.towline</groupId><artifactId>apache-kafka-for-tests</artifactId><version>1</version>',
    `<dependencies>${dependencies.join('')}</dependencies></project>`,
  ].join('\n')
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  )
}
