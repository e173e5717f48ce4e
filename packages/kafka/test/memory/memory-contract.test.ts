import { ALL_CHAPTERS, driverContract } from '../driver-contract.ts'
import { IN_REAL_TIME, IN_VIRTUAL_TIME } from './memory-drivers.ts'

driverContract([IN_VIRTUAL_TIME], ALL_CHAPTERS)
driverContract([IN_REAL_TIME], ['assigning', 'rebalancing', 'flow'])
