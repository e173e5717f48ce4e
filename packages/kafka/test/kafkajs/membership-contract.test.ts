import { connectKafka } from '@towline/kafka/kafkajs'
import { driverContract } from '../driver-contract.ts'

driverContract('kafkajs', connectKafka, ['rebalancing', 'stopping'])
