import { driverContract } from '../driver-contract.ts'
import { kafkajsDrivers } from './kafkajs-drivers.ts'

driverContract(kafkajsDrivers(), ['reading', 'producing', 'administering'])
