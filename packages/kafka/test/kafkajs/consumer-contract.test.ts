import { driverContract } from '../driver-contract.ts'
import { kafkajsDrivers } from './kafkajs-drivers.ts'

driverContract(kafkajsDrivers(), ['assigning', 'committing', 'flow', 'dataLoss'])
