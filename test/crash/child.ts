import type { Tier } from '../../src/domain/usage.ts'
import { open } from '../../src/index.ts'
import { HOUR } from '../../src/kit/clock.ts'

// One process that flies the job: what the suite kills, freezes and starts again. Always the same key, so it is always
// the same job.
const { input = '', output = '', shardRequests = '10', model, ladder, hours } = process.env
const redeye = await open()
const job = await redeye.submit(input, {
  key: 'night',
  output,
  shardRequests: Number(shardRequests),
  allowUnpriced: true, // the catalogue does not have all vendors
  ...(model === undefined ? {} : { model }),
  ...(ladder === undefined ? {} : { ladder: ladder.split(',') as Tier[] }),
  ...(hours === undefined ? {} : { by: new Date(redeye.now() + Number(hours) * HOUR) }),
})
const receipt = await job.wait()
await redeye.close()
process.stdout.write(JSON.stringify(receipt))
