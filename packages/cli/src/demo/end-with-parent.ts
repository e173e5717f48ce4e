// Loaded first by every process of the demo: none outlives the demo, not even one that was killed by SIGKILL.
import process from 'node:process'

if (process.channel !== undefined) {
  process.once('disconnect', () => process.exit(1))
  // Listening alone would keep a process alive that is done.
  process.channel.unref()
}
