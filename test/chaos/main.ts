import { parseArgs } from 'node:util'
import { flyNight, nights } from './nights.ts'

// npm run chaos [-- --vendor openai,gemini --only outage]
const { values } = parseArgs({ options: { vendor: { type: 'string' }, only: { type: 'string', default: '' } } })
const vendors = values.vendor?.split(',')
const chosen = nights.filter(
  ({ vendor, trouble }) => (vendors?.includes(vendor) ?? true) && trouble.includes(values.only),
)
console.log(`${chosen.length} nights\n`)
console.log('| vendor | trouble | lanes | rescues | USD | at standard | |')
console.log('|---|---|---|---:|---:|---:|---|')

let failed = 0
const queue = [...chosen]
const lane = async (): Promise<void> => {
  for (let night = queue.shift(); night !== undefined; night = queue.shift()) {
    const { receipt, faults } = await flyNight(night)
    const flown = receipt.lanes.map(({ lane: name, requests }) => `${name} ${requests}`).join(', ')
    if (faults.length > 0) failed++
    console.log(
      `| ${night.vendor} | ${night.trouble} | ${flown} | ${receipt.rescues.length} | ${receipt.usd.charged} | ${receipt.usd.standard} | ${faults.length === 0 ? 'ok' : faults.join('; ')} |`,
    )
  }
}
await Promise.all([lane(), lane()])

console.log(`\n${chosen.length - failed} passed, ${failed} failed`)
process.exitCode = failed === 0 ? 0 : 1
