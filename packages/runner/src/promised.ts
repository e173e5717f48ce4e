/** Calls `start` as an async function would be called: what it throws at once is a rejection. One promise less than that. */
export function promised<T>(start: () => Promise<T>): Promise<T> {
  try {
    return start()
  } catch (error) {
    return Promise.reject(error)
  }
}
