import { isWindow, type Lane, tierOf } from '../domain/usage.ts'
import { DAY, HOUR } from '../kit/clock.ts'
import type { ModelRow } from './catalogue.ts'
import type { Price } from './price.ts'

/** What the notes of one lane and model are made from. */
export interface NoteFacts {
  readonly lane: Lane
  readonly model: string
  readonly row: ModelRow | undefined
  readonly price: Price | undefined
  readonly priced: boolean
  /** What is wrong with the price that there is. */
  readonly refused: string | undefined
  readonly flyable: boolean
  readonly requests: number
  /** What is read from a cache is counted already. */
  readonly cacheCounted: boolean
  readonly tokens: { readonly inputLow: number; readonly outputLow: number; readonly outputHigh: number }
}

interface When {
  readonly at: number
  readonly deadline?: number | null
}

/** Fewer requests than this are no work for a queue. */
const handful = 10
const priceAgeMax = 30 * DAY
/** Changes and shutdowns further away are no news for a job that flies tonight. */
const horizon = 90 * DAY

/** Source: the guides of background mode and flex processing of developers.openai.com, read 2026-11-24. */
export const windowNote =
  'Wire field unpublished in the API reference: bought only where an account of the config names it by ' +
  'completionWindowField; the guide has background_options.completion_window. For comparison else.'

/** What is wrong with this lane for this job. */
export function laneNotes(facts: NoteFacts, when: When): string[] {
  const { lane, model, row, priced, requests } = facts
  const notes: string[] = []
  if (!priced)
    notes.push(
      tierOf(lane) === 'idle'
        ? `${lane} is paid by the hour, and how many tokens ${model} makes in one is not known: see redeye doctor --engine.`
        : (facts.refused ?? `No price is known for model "${model}" in ${lane}.`),
    )
  if (isWindow(tierOf(lane))) notes.push(windowNote)
  else if (!facts.flyable) notes.push(`${lane} is not among the lanes of this job; its price is for comparison.`)
  if (tierOf(lane) === 'batch') {
    if (when.deadline != null && when.deadline - when.at < HOUR) {
      notes.push('The deadline is less than an hour away: batch promises 24 hours, and one in ten takes over an hour.')
    }
    if (requests < handful) {
      notes.push(
        `${requests === 1 ? 'One request is' : `${requests} requests are`} too few for batch to be worth the wait.`,
      )
    }
    const share = cachedShareThatWins(facts)
    if (row && share !== null) {
      notes.push(
        `Batch gives no cache discount on ${row.id}: if more than ${Math.ceil(share * 100)} % of the input is a shared ` +
          'prefix read from the cache, standard calls cost less.',
      )
    }
  }
  if (cacheMayHelp(facts)) {
    notes.push('Reads from the prompt cache are not counted; they can only make it cheaper.')
  }
  const note = tierNote(row, lane)
  if (note !== undefined) notes.push(`${lane}: ${note}.`)
  return notes
}

/** What is worth knowing about the model and its price. */
export function modelNotes({ row, price }: NoteFacts, { at }: When): string[] {
  const notes = [...(price?.doubts ?? [])]
  if (row === undefined) return notes
  const { shutdown } = row
  if (shutdown?.date) {
    const away = Date.parse(shutdown.date) - at
    const instead = shutdown.replacement === null ? '' : ` The vendor names ${shutdown.replacement} as its successor.`
    if (away <= 0) notes.push(`${row.id} was shut down on ${shutdown.date}; the vendor may refuse it.${instead}`)
    else if (away <= horizon) notes.push(`${row.id} is shut down on ${shutdown.date}.${instead}`)
  }
  for (const change of row.scheduledPrices ?? []) {
    const away = Date.parse(change.from) - at
    if (away <= 0 || away > horizon) continue
    const verb = change.certainty === 'announced' ? 'costs' : 'may cost'
    const rates = `${change.standard.input}/${change.standard.output} USD per million (standard)`
    notes.push(`From ${change.from} on ${row.id} ${verb} ${rates}; requests are priced by the day they are sent.`)
  }
  if (row.confidence === 'low') notes.push(`The price of ${row.id} is inferred, not read from a vendor's page.`)
  const age = at - Date.parse(row.asOf)
  if (age > priceAgeMax) {
    notes.push(
      `The price of ${row.id} was read on ${row.asOf}, ${Math.floor(age / DAY)} days ago; it may have changed.`,
    )
  }
  return notes
}

/** Prompts are long enough to be cached, and a cached token is cheaper in this lane. */
function cacheMayHelp(facts: NoteFacts): boolean {
  const { input, cachedInput } = facts.price?.perToken ?? {}
  const least = facts.row?.minCacheableTokens ?? Number.POSITIVE_INFINITY
  return (
    !facts.cacheCounted &&
    promptTokens(facts) >= least &&
    input !== undefined &&
    cachedInput !== undefined &&
    cachedInput < input
  )
}

/** Of the average request. */
const promptTokens = ({ tokens, requests }: NoteFacts): number => tokens.inputLow / Math.max(1, requests)

function tierNote(row: ModelRow | undefined, lane: Lane): string | undefined {
  const tier = tierOf(lane)
  return tier === 'flex' || tier === 'priority' || tier === 'batch' ? row?.prices[tier]?.note : undefined
}

/**
 * The share of cached input above which cached standard calls beat batch, where a model has no cached price in batch.
 * null where batch wins at any share, or where prompts are too short to be cached. Prices are the plain ones of the
 * catalogue: this is a hint about another way to run the job, not a price.
 */
function cachedShareThatWins(facts: NoteFacts): number | null {
  const { row, tokens } = facts
  if (row?.stacking.cacheAndBatch !== 'none' || row.minCacheableTokens === null) return null
  const { standard, batch } = row.prices
  if (!batch?.input || !standard.input || !standard.cachedInput) return null
  if (promptTokens(facts) < row.minCacheableTokens) return null
  const output = (tokens.outputLow + tokens.outputHigh) / 2
  const dearer =
    (standard.input - batch.input) * tokens.inputLow + ((standard.output ?? 0) - (batch.output ?? 0)) * output
  const share = dearer / ((standard.input - standard.cachedInput) * tokens.inputLow)
  return share < 1 ? share : null
}
