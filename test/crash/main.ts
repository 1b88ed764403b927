import { parseArgs } from 'node:util'
import { steps } from '../../src/engine/index.ts'
import { freezeAt, killAtRandom, killAtStep, passesOf, seeded, type Trial, twentyAtOnce } from './trials.ts'

// npm run crash [-- --random 200 --seed 1 --only steps,random,freeze,twenty,trouble]
const { values } = parseArgs({
  options: {
    random: { type: 'string', default: '200' },
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
    only: { type: 'string', default: 'steps,trouble,freeze,twenty,random' },
  },
})
const random = seeded(Number(values.seed))
const parts = values.only.split(',')
console.log(`seed ${values.seed}\n`)
console.log(
  '| trial | kills | launches | purchases | ran | paid rows | paid twice | bill − proven − duplicate, nano-USD | |',
)
console.log('|---|---:|---:|---:|---:|---:|---:|---:|---|')

let passed = 0
let failed = 0
const sums = { kills: 0, paidTwice: 0 }

function report({ name, kills, launches, verdict, faults }: Trial): void {
  const { purchases, ran, paidRows, paidTwice, nanoUsd } = verdict
  const open = nanoUsd.bill - nanoUsd.proven - nanoUsd.duplicate
  const word = faults.length === 0 ? 'ok' : faults.join('; ')
  console.log(
    `| ${name} | ${kills} | ${launches} | ${purchases} | ${ran} | ${paidRows} | ${paidTwice} | ${open} | ${word} |`,
  )
  if (faults.length === 0) passed++
  else failed++
  sums.kills += kills
  sums.paidTwice += paidTwice
}

/** A few trials at a time: most of a trial is waiting. */
async function together(trials: readonly (() => Promise<Trial>)[]): Promise<void> {
  const queue = [...trials]
  const lane = async (): Promise<void> => {
    for (let next = queue.shift(); next !== undefined; next = queue.shift()) report(await next())
  }
  await Promise.all([lane(), lane(), lane()])
}

// A share of rows fails once, so that a retry round is flown and its step passed.
const withRetries = { scenario: 'openai/rows-500:share=0.1' }

if (parts.includes('steps')) {
  await together([
    ...steps.flatMap((step) => passesOf(step).map((pass) => () => killAtStep(step, pass, withRetries))),
    ...(['uploaded', 'claimed', 'sent', 'collecting'] as const).map((step) => () => killAtStep(step, 1, {}, 4)),
  ])
}
if (parts.includes('trouble')) {
  const troubles = ['create-response-lost', 'create-500-created', 'create-500-refused', 'drop-download', 'listed-late']
  await together(
    troubles.flatMap((scenario) =>
      (['sent', 'collecting'] as const).map((step) => () => killAtStep(step, 2, { scenario: `openai/${scenario}` })),
    ),
  )
  const all =
    'openai/create-response-lost:times=3+openai/create-500-created:times=2,after=5+openai/drop-download:times=4+openai/drop-upload:times=2'
  for await (const one of killAtRandom(20, random, { scenario: all })) report(one)
}
if (parts.includes('freeze')) {
  const steps = ['sending', 'sent', 'collecting', 'settling', 'delivering'] as const
  await together(steps.map((step) => () => freezeAt(step)))
}
if (parts.includes('twenty')) report(await twentyAtOnce(random))
if (parts.includes('random')) {
  for await (const one of killAtRandom(Number(values.random), random)) report(one)
}

console.log(`\n${sums.kills} kills, ${sums.paidTwice} requests paid for twice`)
console.log(`${passed} passed, ${failed} failed`)
process.exitCode = failed === 0 ? 0 : 1
