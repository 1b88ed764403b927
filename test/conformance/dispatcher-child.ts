import { writeSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { clockAt } from '../../src/kit/clock.ts'
import { dispatchers, named } from './implementations.ts'

/** A process that attends all jobs of a home and never ends a step: `node dispatcher-child.ts <dispatcher> <home>`. */
const [name, home = ''] = process.argv.slice(2)
const implementation = named(dispatchers, name)
const store = await implementation.store.open(home)
implementation
  .dispatcher(store, clockAt(), (error) => console.error(error))
  .attend('all', async ({ shardId }) => {
    writeSync(1, `${shardId}\n`)
    await sleep(60_000)
    return null
  })
