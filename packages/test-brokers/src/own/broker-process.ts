/** A broker in a process of its own. */
export interface BrokerProcess {
  /** A clean stop. Resolves when the process is gone. */
  stop(): Promise<void>
  /** SIGKILL. Resolves when the process is gone. */
  kill(): Promise<void>
}
