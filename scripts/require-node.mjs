// Scripts run on the Node that the lock file brings; a platform without that package falls back to the system's.
const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)
if (major < 22 || (major === 22 && minor < 22)) {
  console.error(
    `Towline needs Node 22.22 or newer, this is ${process.versions.node}. Run it through npm ("npm run …"), ` +
      'which uses the Node that "npm ci" installs; on a platform without that package install Node 24.',
  )
  process.exit(1)
}
