import { makesNumbers } from '../../domain/endpoints.ts'
import { vendorOf } from '../../domain/usage.ts'
import { type Group, rowsOf } from '../../intake/manifest.ts'
import { likelyOutput } from '../../pricing/likely-output.ts'
import { meanOfRest, nextMean } from '../../pricing/measured.ts'
import { mostOutput } from '../../pricing/most-output.ts'
import type { Learnable, QuoteGroup } from '../../pricing/quote.ts'
import { middleOf, productOf, type Range } from '../../pricing/range.ts'
import { sampleRatio } from '../../pricing/tokens.ts'
import type { JobOptions } from '../options.ts'
import type { Ports } from '../ports.ts'
import type { CountedWarning, Route, RoutedManifest } from '../rows/routing.ts'
import { type EarlierGroup, earlierUsage, type Likeness } from './earlier-usage.ts'
import { digestOfTable } from './job-digest.ts'
import { type PilotRow, pilotRows } from './pilot-rows.ts'
import { type CountedGroup, countSample } from './sample-bodies.ts'

/** Where no request of a group was drawn, as a share of the index's estimate, which is on the high side. */
const UNSAMPLED: Range = { low: 0.3, high: 1.2 }
/** With fewer the counter is not doubted, and answers are taken for what requests say of them. */
const PILOT_MIN = 2
/** How much jobs are taken to differ from those before them, until enough of them have told. */
const DRIFT: Readonly<Record<Likeness, { readonly output: number; readonly factor: number }>> = {
  exact: { output: 0.08, factor: 0.02 },
  settings: { output: 0.4, factor: 0.08 },
  model: { output: 0, factor: 0.08 },
}
/** Jobs that ask otherwise tell something of answers only together. */
const UNLIKE_MIN = 3

export interface EstimatedGroup {
  readonly quoted: QuoteGroup
  readonly learns: Learnable
  /** Requests that a pilot has bought. */
  readonly bought: number
}

/** Tokens of each group: of its prompts as they are counted, of its answers as a pilot, earlier jobs or requests say. */
export async function estimateGroups(
  ports: Ports,
  manifest: RoutedManifest,
  options: JobOptions,
): Promise<EstimatedGroup[]> {
  const pilot = await pilotRows(ports, manifest, options)
  const samples = await countSample(
    ports,
    manifest,
    pilot.map(({ ordinal }) => ordinal),
  )
  const known = manifest.groups.map((_, number) => knownOf(manifest, number, samples.get(number), options))
  const earlier = await earlierUsage(
    ports,
    known.map(({ learns }) => learns),
  )
  return known.map((one, number) =>
    estimate(one, { pilot: pilot.filter(isOf(one.learns, number)), earlier: earlier[number] ?? [] }, manifest),
  )
}

const isOf =
  ({ model }: Learnable, number: number) =>
  (row: PilotRow): boolean =>
    row.group === number && row.model === model

interface Known {
  readonly number: number
  readonly sample: CountedGroup | undefined
  /** Input tokens by our counter, as shares of the index's estimate. */
  readonly ratio: Range
  readonly learns: Learnable
  readonly options: JobOptions
}

function knownOf(
  manifest: RoutedManifest,
  number: number,
  sample: CountedGroup | undefined,
  options: JobOptions,
): Known {
  const group = manifest.groups[number] as Group
  const { lane, model } = manifest.routes[number] as Route
  const of = { vendor: vendorOf(lane), model, requests: group.requests }
  if (sample === undefined) {
    const template = { exact: null, settings: null }
    return { number, sample, ratio: UNSAMPLED, learns: { ...of, counted: null, template }, options }
  }
  const { samples, template } = sample.counted
  const ratioOf = (end: 'low' | 'high') =>
    sampleRatio(
      samples.map((one) => ({ size: one.estimate, tokens: one[end] })),
      { population: group.requests },
    )
  const [low, high] = [ratioOf('low'), ratioOf('high')]
  const counted = (group.tokens * (low.mean + high.mean)) / 2
  // The prompt of a table is the same in all rows, wherever the row's own text stands in it.
  const exact = options.table === undefined ? template.exact : digestOfTable(options.table)
  const learns = { ...of, counted, template: { ...template, exact } }
  return { number, sample, ratio: { low: low.low, high: high.high }, learns, options }
}

interface Seen {
  readonly pilot: readonly PilotRow[]
  readonly earlier: readonly EarlierGroup[]
}

function estimate(known: Known, seen: Seen, manifest: RoutedManifest): EstimatedGroup {
  const { number, sample, ratio, learns } = known
  const group = manifest.groups[number] as Group
  const { model, lane, translated, resident = false } = manifest.routes[number] as Route
  const bought = seen.pilot.length
  const requests = group.requests - bought
  const tokens = group.tokens - seen.pilot.reduce((sum, { estimate: of }) => sum + of, 0)
  const factor = factorOf(known, seen)
  // What images come to is a rule that is guessed for all of them at once: then both ends may well come together.
  const perEstimate =
    (sample?.counted.media ?? 0) > 0
      ? { low: ratio.low * factor.range.low, high: ratio.high * factor.range.high }
      : productOf([ratio, factor.range])
  const answer = answerOf(known, seen, group)
  const notes = [
    ...countNotes(sample, group),
    ...(factor.note === undefined ? [] : [factor.note]),
    answer.note,
    ...(group.split === true
      ? [`${vendorOf(lane)} embeds one input a row: ${group.requests} requests are ${rowsOf(group)} rows there.`]
      : []),
    ...(translated?.warnings.map(adapted) ?? []),
  ]
  const quoted: QuoteGroup = {
    vendor: vendorOf(lane),
    model,
    endpoint: group.endpoint,
    requests,
    inputTokens: { low: Math.floor(tokens * perEstimate.low), high: Math.ceil(tokens * perEstimate.high) },
    outputTokens: { low: Math.floor(answer.range.low * requests), high: Math.ceil(answer.range.high * requests) },
    // Of the whole group: budgets share it out over all of its rows.
    most: { input: Math.ceil(group.tokens * perEstimate.high), output: Math.ceil(answer.most * group.requests) },
    ...(sample?.counted.asksCache === true ? { asksCache: true } : {}),
    resident,
    notes,
  }
  return { quoted, learns, bought }
}

/** What the vendor bills for each input token that we count: by a pilot, by earlier bills, or as is generally known. */
function factorOf({ sample }: Known, { pilot, earlier }: Seen): { range: Range; note?: string } {
  if (sample === undefined) return { range: { low: 1, high: 1 } }
  const { ordinals, counted } = sample
  const at = new Map(ordinals.map((ordinal, place) => [ordinal, counted.samples[place]]))
  const pairs = pilot.flatMap(({ ordinal, input }) => {
    const one = at.get(ordinal)
    return one === undefined || input === 0 ? [] : [{ size: (one.low + one.high) / 2, tokens: input }]
  })
  if (pairs.length >= PILOT_MIN) {
    const { low, high, mean } = sampleRatio(pairs)
    const range = { low: Math.min(low, mean * 0.99), high: Math.max(high, mean * 1.01) }
    return { range, note: billedNote(mean, `as ${requestsText(pairs.length)} of a pilot show`) }
  }
  const likeness = earlier.find(({ factor }) => factor !== null)?.likeness
  if (likeness === undefined) return { range: counted.billed }
  const factors = earlier.flatMap((one) => (one.factor !== null && one.likeness === likeness ? [one.factor] : []))
  const seen = nextMean(factors, {
    requests: Number.POSITIVE_INFINITY,
    drift: DRIFT[likeness].factor,
  })
  const range = narrowed(seen, counted.billed) ?? seen
  return { range, note: billedNote(middleOf(range), `as ${jobsText(factors.length)} of this home show`) }
}

/** Tokens of an answer on average, and at most. */
function answerOf(
  { sample, learns, options }: Known,
  { pilot, earlier }: Seen,
  group: Group,
): { range: Range; most: number; note: string } {
  const { model, requests } = learns
  const { endpoint } = group
  if (makesNumbers(endpoint)) return { range: { low: 0, high: 0 }, most: 0, note: 'Embeddings have no output tokens.' }
  const maxTokens = group.outputMaxStated === group.requests ? Math.ceil(group.outputMax / group.requests) : undefined
  const schema = options.table?.schema
  const bound = mostOutput({ model, maxTokens, ...(schema == null ? {} : { schema }) })
  const said = saidOf(sample) ?? likelyOutput({ endpoint, model, maxTokens })
  const told = toldOf(pilot, earlier, { requests, said })
  const limit = maxTokens ?? Number.POSITIVE_INFINITY
  const range = {
    low: Math.min(limit, told?.range.low ?? said.low),
    high: Math.min(limit, told?.range.high ?? said.high),
  }
  const most = maxTokens === undefined ? Math.max(bound.tokens, range.high) : Math.min(bound.tokens, limit)
  const figures = `${figure(range.low)} to ${figure(range.high)} output tokens on average`
  const note = `A request is taken to have ${figures}, ${told?.because ?? bound.why}.`
  return { range, most: Math.max(most, range.high), note }
}

function toldOf(
  pilot: readonly PilotRow[],
  earlier: readonly EarlierGroup[],
  { requests, said }: { requests: number; said: Range },
): { range: Range; because: string } | undefined {
  if (pilot.length >= PILOT_MIN) {
    const range = meanOfRest(
      pilot.map(({ output }) => output),
      requests - pilot.length,
    )
    return { range, because: `with 95 % certainty, as ${requestsText(pilot.length)} of a pilot have had` }
  }
  const exact = earlier.filter(({ likeness }) => likeness === 'exact')
  const alike = earlier.filter(({ likeness }) => likeness === 'settings')
  const [of, likeness] = exact.length > 0 ? ([exact, 'exact'] as const) : ([alike, 'settings'] as const)
  if (of.length === 0 || (likeness === 'settings' && of.length < UNLIKE_MIN)) return undefined
  const range = nextMean(
    of.map(({ output }) => output),
    { requests, drift: DRIFT[likeness].output },
  )
  if (likeness === 'exact')
    return { range, because: `by ${jobsText(of.length)} of this home with the same instructions and settings` }
  // Other instructions under the same settings narrow what requests say, and widen nothing.
  const narrower = narrowed(range, said)
  return narrower && { range: narrower, because: `by ${jobsText(of.length)} of this home with the same settings` }
}

/** What both allow; undefined: they contradict each other. */
function narrowed(one: Range, other: Range): Range | undefined {
  const range = { low: Math.max(one.low, other.low), high: Math.min(one.high, other.high) }
  return range.low <= range.high ? range : undefined
}

/** What requests say of their answers, on average. */
function saidOf(sample: CountedGroup | undefined): Range | undefined {
  const outputs = sample?.counted.samples.map(({ output }) => output) ?? []
  if (outputs.length === 0) return undefined
  const mean = (end: 'low' | 'high'): number => outputs.reduce((sum, one) => sum + one[end], 0) / outputs.length
  return { low: mean('low'), high: mean('high') }
}

function countNotes(sample: CountedGroup | undefined, group: Group): string[] {
  if (sample === undefined) return ['No request of this model was in the sample; input tokens are by length alone.']
  const { samples, encoding, media, unseen } = sample.counted
  return [
    `Input tokens are counted on ${samples.length} of ${group.requests} requests with ${encoding}.`,
    ...(media > 0
      ? ['Images and pages count by their number and size, as far as the rule of their vendor is known.']
      : []),
    ...(unseen > 0 ? ['Images behind an address are taken as 1024 by 1024, since they are not fetched.'] : []),
  ]
}

/** What the vendor gets is near to what was asked, and how it differs. */
const adapted = ({ path, reason, requests }: CountedWarning): string =>
  `Adapted in ${requestsText(requests)}${path === '' ? '' : `, ${path}`}: ${reason}`

const billedNote = (factor: number, why: string): string =>
  `The vendor bills ${factor.toFixed(2)} tokens for each that is counted, ${why}.`
const requestsText = (count: number): string => `${count} ${count === 1 ? 'request' : 'requests'}`
const jobsText = (count: number): string => `${count} earlier ${count === 1 ? 'job' : 'jobs'}`
const figure = (tokens: number): number => (tokens < 10 ? Number(tokens.toPrecision(2)) : Math.round(tokens))
