import { parseArgs } from 'node:util'
import { scenarios } from '../../src/emulator/index.ts'
import { steps } from '../../src/engine/index.ts'
import { providers } from '../../src/providers/registry.ts'
import { models, type VendorName } from './ground.ts'
import {
  freezeAt,
  killAtRandom,
  killAtStep,
  passesOf,
  seeded,
  stepsOfPolicy,
  stepsOfRuns,
  type Trial,
  twentyAtOnce,
} from './trials.ts'

// npm run crash [-- --vendor openai,anthropic,gemini,vertex,mistral,together,xai --random 200 --seed 1
//                   --only steps,trouble,runs,deadline,freeze,twenty,random]
const { values } = parseArgs({
  options: {
    vendor: { type: 'string', default: 'openai' },
    random: { type: 'string', default: '200' },
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
    only: { type: 'string', default: 'steps,trouble,runs,deadline,freeze,twenty,random' },
  },
})
// No request here names an uploaded file; between that upload and its record, test/flights/attached.test.ts kills.
const batchSteps = steps.filter(
  (step) => step !== 'attached' && !stepsOfRuns.includes(step) && !stepsOfPolicy.includes(step),
)
const runSteps = [
  'job-created',
  'bought',
  'running',
  'ended',
  'collecting',
  'collected',
  'settling',
  'settled',
] as const

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
for (const vendor of values.vendor.split(',') as VendorName[]) {
  if (!(vendor in models)) throw new Error(`There is no vendor ${vendor}; there are ${Object.keys(models).join(', ')}.`)
  await flyAt(vendor)
}

async function flyAt(vendor: VendorName): Promise<void> {
  // There is nothing to climb to, and nothing to run, where batches are all that is bought.
  const callable = providers[vendor]?.sync !== undefined
  const withRetries = { vendor, scenario: `${vendor}/rows-500:share=0.1` }

  if (parts.includes('steps')) {
    await together([
      ...batchSteps.flatMap((step) => passesOf(step).map((pass) => () => killAtStep(step, pass, withRetries))),
      ...(['uploaded', 'claimed', 'sent', 'collecting'] as const).map(
        (step) => () => killAtStep(step, 1, { vendor }, 4),
      ),
    ])
  }
  if (parts.includes('trouble')) {
    const troubles = known(vendor, [
      'create-response-lost',
      'create-500-created',
      'create-500-refused',
      'drop-download',
      'listed-late',
    ])
    await together(
      troubles.flatMap((scenario) =>
        (['sent', 'collecting'] as const).map(
          (step) => () => killAtStep(step, 2, { vendor, scenario: `${vendor}/${scenario}` }),
        ),
      ),
    )
    const all = known(vendor, [
      'create-response-lost:times=3',
      'create-500-created:times=2,after=5',
      'drop-download:times=4',
      'drop-upload:times=2',
    ])
      .map((scenario) => `${vendor}/${scenario}`)
      .join('+')
    for await (const one of killAtRandom(20, random, { vendor, scenario: all })) report(one)
  }
  // Request by request: what was in flight may be paid for twice, and is unproven then; nothing else.
  if (parts.includes('runs') && callable) {
    const options = { vendor, ladder: 'standard' }
    await together(runSteps.flatMap((step) => passesOf(step).map((pass) => () => killAtStep(step, pass, options))))
    await together([() => freezeAt('running', options), () => freezeAt('settling', options)])
    for await (const one of killAtRandom(Math.ceil(Number(values.random) / 4), random, options)) report(one)
  }
  // A policy cancels, harvests and climbs.
  if (parts.includes('deadline') && callable) {
    const scenario = known(vendor, ['stuck-in-progress', 'stuck-finalizing']).map((name) => `${vendor}/${name}`)
    const night = { vendor, hours: 1, speed: 120 }
    const options = { ...night, ...(scenario[0] === undefined ? {} : { scenario: scenario[0] }) }
    // Where every batch is stuck, there is nothing left but to call.
    const endless = { ...night, ...(scenario[0] === undefined ? {} : { scenario: `${scenario[0]}:times=always` }) }
    await together(
      [
        ...(['steered', 'collected', 'settled'] as const).flatMap((step) =>
          [1, 2].map((pass) => [step, pass, options] as const),
        ),
        ['running', 1, endless] as const,
        ['settled', 5, options] as const,
      ].map(
        ([step, pass, under]) =>
          () =>
            killAtStep(step, pass, under),
      ),
    )
    for await (const one of killAtRandom(Math.ceil(Number(values.random) / 4), random, options)) report(one)
  }
  if (parts.includes('freeze')) {
    const steps = ['sending', 'sent', 'collecting', 'settling', 'delivering'] as const
    await together(steps.map((step) => () => freezeAt(step, { vendor })))
  }
  if (parts.includes('twenty')) report(await twentyAtOnce(random, { vendor }))
  if (parts.includes('random')) {
    for await (const one of killAtRandom(Number(values.random), random, { vendor })) report(one)
  }
}

/** Those of these troubles that the emulated vendor can have. */
function known(vendor: VendorName, names: readonly string[]): string[] {
  const own = scenarios.filter(({ vendors }) => vendors?.includes(vendor)).map(({ name }) => name)
  return names.filter((name) => own.includes(name.split(':', 1)[0] as string))
}

console.log(`\n${sums.kills} kills, ${sums.paidTwice} requests paid for twice`)
console.log(`${passed} passed, ${failed} failed`)
process.exitCode = failed === 0 ? 0 : 1
