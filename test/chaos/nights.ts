import type { Receipt } from '../../src/domain/receipt.ts'
import type { Job, JobSettings } from '../../src/index.ts'
import { HOUR } from '../../src/kit/clock.ts'
import {
  chats,
  contents,
  type Field,
  type FieldOptions,
  field,
  idOf,
  messages,
  type Named,
  outputLines,
} from '../flights/field.ts'
import { judge } from '../flights/judge.ts'

/** A night, and what has to come of it. */
export interface Night {
  readonly vendor: 'openai' | 'anthropic' | 'gemini' | 'vertex'
  readonly trouble: string
  readonly scenario?: readonly string[]
  readonly options?: FieldOptions
  readonly settings?: JobSettings
  readonly hours?: number
  readonly speed?: number
  readonly meanwhile?: (job: Job, on: Field) => Promise<void>
  /** A lane that has to have brought something. Absent: whichever. */
  readonly lane?: string
  /** What had been cancelled was still open when its requests moved on: then they may be paid for twice. */
  readonly abandons?: true
}

const REQUESTS = 240
/** A minute is a second: what is kept in reserve is seconds, also on a busy machine. Longer nights may go faster. */
const SPEED = 60
const slow: FieldOptions = { latency: { medianSeconds: 4 * 3600, sigma: 0.2 } }

/** Nothing answers for so long. */
const outage =
  (vendor: string, seconds: number) =>
  async (_: Job, { emulator, speed }: Field): Promise<void> => {
    const pause = (emulated: number) => new Promise((resolve) => setTimeout(resolve, (emulated * 1000) / speed))
    await pause(120)
    emulator.setScenario([`${vendor}/storm-503:times=1000000`])
    await pause(seconds)
    emulator.setScenario([])
  }

export const nights: readonly Night[] = [
  { vendor: 'openai', trouble: 'a night on which everything takes hours', options: slow, lane: 'openai/flex' },
  { vendor: 'openai', trouble: 'validation without end', scenario: ['stuck-validating:times=8'], lane: 'openai/flex' },
  {
    vendor: 'openai',
    trouble: 'batches that stop half-way',
    scenario: ['stuck-in-progress:times=8'],
    lane: 'openai/flex',
  },
  {
    vendor: 'openai',
    trouble: 'files that are not written',
    scenario: ['stuck-finalizing:times=8'],
  },
  // Flex costs the same, so either may bring all of it.
  { vendor: 'openai', trouble: 'counts that stay at zero', scenario: ['counts-zero-until-end'] },
  {
    vendor: 'openai',
    trouble: 'a queue that is full at first',
    scenario: ['queue-full:times=3'],
    settings: { ladder: ['batch', 'standard'] },
    lane: 'openai/batch',
  },
  {
    vendor: 'openai',
    trouble: 'a night that is slow, and no flex',
    options: slow,
    scenario: ['flex-drought:seconds=86400'],
    lane: 'openai/standard',
  },
  {
    vendor: 'openai',
    trouble: 'batches that expire with 60 % done',
    scenario: ['expire-partial:0.6'],
    settings: { ladder: ['batch', 'standard'] },
    hours: 26,
    speed: 4000,
    lane: 'openai/batch',
  },
  {
    vendor: 'openai',
    trouble: 'an outage of twenty minutes',
    options: slow,
    meanwhile: outage('openai', 20 * 60),
    lane: 'openai/flex',
  },
  { vendor: 'anthropic', trouble: 'a night that is slow', options: slow, lane: 'anthropic/standard' },
  {
    vendor: 'anthropic',
    trouble: 'batches that stop half-way',
    scenario: ['stuck-in-progress'],
    lane: 'anthropic/batch',
  },
  {
    vendor: 'anthropic',
    trouble: 'cancels that are never done',
    options: slow,
    scenario: ['stuck-canceling:times=20'],
    lane: 'anthropic/standard',
    abandons: true,
  },
  { vendor: 'gemini', trouble: 'a night that is slow', options: slow, hours: 12, speed: 900, lane: 'gemini/flex' },
  {
    vendor: 'gemini',
    trouble: 'batches that stay pending',
    scenario: ['stuck-pending:times=9'],
    hours: 12,
    speed: 900,
    lane: 'gemini/flex',
  },
  {
    vendor: 'gemini',
    trouble: 'a night that is slow, and no flex',
    options: slow,
    scenario: ['flex-drought:seconds=86400'],
    lane: 'gemini/standard',
  },
  {
    vendor: 'gemini',
    trouble: 'a quota that comes back late',
    scenario: ['quota-lag:tokens=2000,seconds=1800'],
    hours: 12,
    speed: 900,
    lane: 'gemini/batch',
  },
  {
    vendor: 'vertex',
    trouble: 'jobs that stay in the queue',
    scenario: ['stuck-queued:times=9'],
    lane: 'vertex/standard',
  },
]

const inputs: Readonly<Record<Night['vendor'], readonly Named[]>> = {
  openai: chats(REQUESTS, { max_completion_tokens: 60 }),
  anthropic: messages(REQUESTS, { max_tokens: 60 }),
  gemini: contents(REQUESTS),
  vertex: contents(REQUESTS),
}

/** What came of a night; without faults it landed in time, whole, and the books close. */
export interface Flown {
  readonly receipt: Receipt
  readonly faults: readonly string[]
}

export async function flyNight(night: Night, signal?: AbortSignal): Promise<Flown> {
  const { vendor, scenario = [], options = {}, settings = {}, hours = 0.75, speed = SPEED } = night
  await using on = await field({
    ...options,
    speed,
    scenario: scenario.map((name) => `${vendor}/${name}`),
    cloud: vendor === 'vertex',
  })
  const redeye = await on.open()
  const input = inputs[vendor]
  const by = new Date(redeye.now() + hours * HOUR)
  const model = vendor === 'vertex' ? { model: 'vertex/gemini-3.5-flash' } : {}
  const job = await redeye.submit([...input], { ...model, ...settings, by })
  const meanwhile = night.meanwhile?.(job, on)
  await job.wait(signal === undefined ? {} : { signal })
  await meanwhile
  const receipt = await job.receipt()
  const verdict = await judge(on.emulator, [{ ids: input.map(idOf), receipt, lines: await outputLines(job) }])
  return { receipt, faults: [...verdict.faults, ...faultsOf(night, receipt, verdict.nanoUsd)] }
}

function faultsOf(
  night: Night,
  { requests, metDeadline, lanes, rescues }: Receipt,
  { bill, proven, duplicate }: { readonly bill: bigint; readonly proven: bigint; readonly duplicate: bigint },
): string[] {
  const faults: string[] = []
  const abandons = rescues.some(({ abandoned }) => abandoned)
  if (requests.succeeded !== REQUESTS) faults.push(`${requests.succeeded} of ${REQUESTS} succeeded`)
  if (metDeadline !== true) faults.push('it was late')
  if (night.lane !== undefined && !lanes.some(({ lane, requests: won }) => lane === night.lane && won > 0))
    faults.push(`nothing came by ${night.lane}`)
  if (abandons !== (night.abandons === true))
    faults.push(abandons ? 'a submission was left to itself' : 'none was left')
  // Nothing is bought twice but what was left to itself: the vendor's bill is what is proven. Where a cancelled
  // submission hands out nothing, what it had run is billed all the same.
  const hidden = night.vendor === 'gemini' && rescues.length > 0
  if (!abandons && !hidden && (proven !== bill || duplicate !== 0n))
    faults.push(`${proven} is proven of a bill of ${bill} nano-USD`)
  return faults
}
