import type { JobEvent, WallFacts } from '../../index.ts'
import { SECOND } from '../../kit/clock.ts'
import { bytes, count, duration, money, some } from './figures.ts'

type Data = Readonly<Record<string, unknown>>
interface Words {
  readonly say: (data: Data) => string
  /** Worth a line of its own while a job flies. */
  readonly loud?: true
}

const number = (value: unknown): number => (typeof value === 'number' ? value : 0)
const soon = ({ pauseSeconds }: Data): string =>
  number(pauseSeconds) === 0 ? '' : ` in ${duration(SECOND * number(pauseSeconds))}`
const why = ({ message, code }: Data): string => String(message ?? code ?? 'no reason was given')
const counts = (value: unknown): string => {
  const { total, completed, failed } = (value ?? {}) as Data
  return total === undefined
    ? ''
    : ` (${count(number(completed))} of ${count(number(total))} done, ${count(number(failed))} failed)`
}

const requestsOf = ({ requests, rows }: Data): string =>
  `${some(number(requests), 'request')}${rows === undefined ? '' : ` (${some(number(rows), 'row')})`}`

/** What each event means, in the words of a person. */
const words: Readonly<Record<string, Words>> = {
  submitted: {
    say: (data) => `submitted: ${requestsOf(data)} in ${some(number(data['shards']), 'shard')}`,
  },
  uploaded: {
    say: ({ rows, bytes: size, file }) => `uploaded ${some(number(rows), 'row')}, ${bytes(number(size))}, as ${file}`,
  },
  attached: {
    say: ({ bytes: size, file }) => `uploaded a file that requests name, ${bytes(number(size))}, as ${file}`,
  },
  buying: { say: () => 'buying' },
  begun: { say: ({ lane, rows }) => `begins on ${lane} with ${some(number(rows), 'request')}`, loud: true },
  'preflight-rejected': { say: ({ message }) => `stopped: ${message}`, loud: true },
  decided: { say: ({ reason }) => String(reason), loud: true },
  bought: { say: ({ remote }) => `bought: ${remote}`, loud: true },
  withheld: { say: () => 'withheld the purchase before its last byte; nothing was bought' },
  unsure: {
    say: ({ why }) => `unsure whether the purchase arrived (${why}); looking it up, never sending it again`,
    loud: true,
  },
  found: { say: ({ remote }) => `found the purchase at the vendor: ${remote}`, loud: true },
  fenced: { say: () => 'took the input file away, so that a late purchase cannot run' },
  absent: { say: ({ looks }) => `the purchase never arrived (${looks} looks); buying under another key`, loud: true },
  proven: { say: ({ remote }) => `the ids in ${remote} prove that the purchase had arrived`, loud: true },
  stranger: { say: ({ remotes }) => `not ours: ${[remotes].flat().join(', ')}` },
  rebuy: { say: () => 'buying again what may have arrived; if it did, it counts as duplicate', loud: true },
  'arrived-late': {
    say: ({ remote }) => `a purchase that was ruled out has arrived: ${remote}; cancelling it, it counts as duplicate`,
    loud: true,
  },
  adopted: { say: ({ remote }) => `took over a purchase from before the store was restored: ${remote}`, loud: true },
  'taken-over': {
    say: ({ remote, vendorState, requests, why: reason }) => {
      const what = reason === null ? `${some(number(requests), 'request')}, as they were sent` : `ids alone (${reason})`
      return `took over ${remote}, which others have bought and which is "${vendorState}": ${what}`
    },
    loud: true,
  },
  'vendor-state': {
    say: ({ vendorState, known }) =>
      `the vendor says "${vendorState}"${known === false ? ', which no contract explains; waiting' : ''}`,
  },
  ended: { say: ({ vendorState, counts: told }) => `ended as "${vendorState}"${counts(told)}` },
  cancel: { say: () => 'asked to cancel', loud: true },
  withdrawn: {
    say: ({ requests, inFlight }) =>
      `${some(number(requests), 'request')} withdrawn, ${count(number(inFlight))} of them perhaps bought already`,
    loud: true,
  },
  'left-out': {
    say: ({ rows }) => `left out ${some(number(rows), 'row')} that had been withdrawn; nothing was bought of them`,
  },
  cancelling: { say: () => 'cancelling at the vendor' },
  unseen: { say: ({ remote }) => `the vendor does not know ${remote}; waiting`, loud: true },
  lost: {
    say: ({ remote }) => `${remote} is gone at the vendor; its requests are missing, its cost is unproven`,
    loud: true,
  },
  'output-late': { say: () => 'the output file is late; waiting' },
  'short-file': {
    say: ({ rows }) => `the result files are short (${some(number(rows), 'row')}); reading them again`,
    loud: true,
  },
  collected: { say: ({ bytes: size }) => `collected the results, ${bytes(number(size))}` },
  settled: { say: (data) => `settled: ${tally(data)}` },
  refused: { say: (data) => `refused, nothing was bought: ${why(data)}`, loud: true },
  recut: {
    say: (data) => `refused (${why(data)}); cut into ${some(number(data['into']), 'smaller shard')}`,
    loud: true,
  },
  held: { say: (data) => heldText(data), loud: true },
  released: { say: () => 'no longer held', loud: true },
  trouble: { say: (data) => `trouble, will try again: ${why(data)}`, loud: true },
  dropped: { say: () => 'dropped before it was bought' },
  retry: { say: (data) => `round ${data['round']}: ${requestsOf(data)} fly again${soon(data)}`, loud: true },
  gathered: {
    say: ({ shards, rows }) =>
      `${some(number(rows), 'row')} of ${some(number(shards), 'shard')} are tried again together`,
  },
  flying: { say: () => 'flying' },
  landing: { say: () => 'landing: writing the results' },
  landed: { say: ({ usd }) => `landed${chargedText(usd)}` },
  cancelled: { say: ({ usd }) => `cancelled${chargedText(usd)}` },
}

/** One event in words; what has none here is shown as it is. */
export const eventText = ({ type, data }: JobEvent): string =>
  words[type]?.say((data ?? {}) as Data) ?? `${type} ${JSON.stringify(data ?? {})}`

export const isLoud = ({ type, shard }: JobEvent): boolean =>
  words[type]?.loud === true && !(type === 'held' && shard === null) // said for the shard already

function heldText(data: Data): string {
  const { reason, budget, candidates } = data
  if (reason === 'budget' && budget !== undefined) return wallText(data as unknown as WallFacts)
  if (reason === 'quota') return 'waits for room in the quota of the account'
  if (candidates !== undefined) return `held: ${candidates} purchases at the vendor may be ours`
  return `held (${reason})${data['message'] === undefined ? '' : `: ${data['message']}`}`
}

/** Which budget it is, and what stands against it. */
export function wallText({ of, budget, spent, inAir, next }: WallFacts): string {
  const whose = of === undefined ? '' : `, for ${of}`
  const air = inAir === '0' ? '' : `, up to ${money(inAir)} is in the air`
  const step = next === null ? 'the price of the next step is not known' : `the next step could cost ${money(next)}`
  return `held by the budget of ${budget} USD${whose}: ${money(spent)} is spent${air}, ${step}`
}

function tally(data: Data): string {
  const { again, ...own } = data
  const parts = Object.entries(own).filter(([, value]) => number(value) > 0)
  const said = parts.map(([name, value]) => `${count(number(value))} ${name}`).join(' · ')
  return `${said === '' ? 'nothing' : said}${number(again) > 0 ? `; ${count(number(again))} fly again` : ''}`
}

const chargedText = (usd: unknown): string => {
  const { charged } = (usd ?? {}) as Data
  return typeof charged === 'string' ? `: ${charged} USD charged` : ''
}
