import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { formatKafka } from './format-kafka.ts'
import { freePorts } from './free-port.ts'
import { jarCache, kafkaJars } from './kafka-jars.ts'
import { whatIsLacking } from './kafka-on-jvm.ts'
import { KafkaProcess } from './kafka-process.ts'

/** An Apache Kafka that lets nobody in without SASL/PLAIN, and that nobody may do anything on whom no ACL allows it. */
export interface GuardedKafka extends AsyncDisposable {
  /** `host:port`. */
  readonly broker: string
  /** The one user who may do everything, and grants the others what they may. */
  readonly admin: string
}

const ADMIN = 'admin'

/** Why this machine cannot have one, in a sentence; null where it can. */
export const whyNoGuardedKafka: () => Promise<string | null> = whatIsLacking

/**
 * Starts one on the JVM, ready in about 6 s.
 *
 * @param users Besides the admin. The password of each is its name.
 * @throws Error where it does not start; where {@link whyNoGuardedKafka} says why, it does not.
 */
export async function startGuardedKafka(users: readonly string[]): Promise<GuardedKafka> {
  const folder = await mkdtemp(join(tmpdir(), 'towline-guarded-kafka-'))
  let kafka: KafkaProcess | undefined
  const stop = async (): Promise<void> => {
    await kafka?.stop()
    await rm(folder, { recursive: true, force: true, maxRetries: 5 })
  }
  try {
    const jars = await kafkaJars(jarCache(process.env))
    const [clientPort = 0] = await freePorts(1)
    const properties = await formatKafka({ jars, folder, clientPort, settings: guard([ADMIN, ...users]) })
    kafka = new KafkaProcess({ jars, properties })
    await kafka.started()
    return { broker: `127.0.0.1:${clientPort}`, admin: ADMIN, [Symbol.asyncDispose]: stop }
  } catch (error) {
    await stop()
    throw error
  }
}

function guard(users: readonly string[]): Readonly<Record<string, string>> {
  const login = `org.apache.kafka.common.security.plain.PlainLoginModule required username="${ADMIN}" password="${ADMIN}"`
  return {
    'listener.security.protocol.map': 'CONTROLLER:PLAINTEXT,PLAINTEXT:SASL_PLAINTEXT',
    'sasl.enabled.mechanisms': 'PLAIN',
    'sasl.mechanism.inter.broker.protocol': 'PLAIN',
    'listener.name.plaintext.plain.sasl.jaas.config': `${login} ${users.map((name) => `user_${name}="${name}"`).join(' ')};`,
    'authorizer.class.name': 'org.apache.kafka.metadata.authorizer.StandardAuthorizer',
    // The controller's own listener, which is on loopback, has no logins.
    'super.users': `User:${ADMIN};User:ANONYMOUS`,
  }
}
