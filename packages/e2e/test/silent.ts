import type { Logger } from '@towline/contracts'

export const silent: Logger = { debug() {}, info() {}, warn() {}, error() {}, child: () => silent }
