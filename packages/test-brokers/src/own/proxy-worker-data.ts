/** Values of `state[0]` while a proxy is joined and cut. */
export const JOINED = 0
export const CUT = 1

/** Connections that wait to be accepted before a system drops the next. */
export const BACKLOG = 32

/** What the thread of a proxy is given. */
export interface ProxyWorkerData {
  /** Of the server on loopback that clients are to reach. */
  readonly targetPort: number
  /** Shared: the thread stands still while the first is {@link CUT}. */
  readonly state: Int32Array<SharedArrayBuffer>
}
