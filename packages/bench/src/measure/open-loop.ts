/**
 * Calls `fire` at a fixed rate whatever becomes of the calls, and gives each the moment it was due: one that comes late
 * because the process was busy is late, not left out.
 */
export async function openLoop(
  { ratePerSecond, count }: { readonly ratePerSecond: number; readonly count: number },
  fire: (n: number, dueMs: number) => void,
  nowMs: () => number,
): Promise<void> {
  const startMs = nowMs() + 1
  const dueMs = (n: number): number => startMs + (n * 1_000) / ratePerSecond
  for (let n = 0; n < count; ) {
    await new Promise((resolve) => setTimeout(resolve, Math.max(0, dueMs(n) - nowMs())))
    for (; n < count && dueMs(n) <= nowMs(); n += 1) fire(n, dueMs(n))
  }
}
