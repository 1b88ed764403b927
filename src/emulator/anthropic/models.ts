import type { Json } from '../json.ts'
import { type CatalogModel, models as catalog } from '../prices.ts'
import type { AccountFaults } from './faults.ts'

export interface Model {
  readonly entry: CatalogModel
  /** What a response calls the model: the dated snapshot where one is known. */
  readonly snapshot: string
  /** Generation as the name gives it: 4.5, 5, 5.5. */
  readonly generation: number
  /** The values of `thinking.type` that are taken. */
  readonly thinkingTypes: readonly string[]
  readonly thinksUnasked: boolean
  /** `tool_choice` may be `any` or `tool`. */
  readonly canBeForced: boolean
  /** The conversation may end with the beginning of the answer. */
  readonly takesPrefill: boolean
  /** Sampling parameters may have other values than their defaults. */
  readonly takesSampling: boolean
  readonly seesSharply: boolean
  /** Up to 300,000 output tokens in a batch, with the beta header. */
  readonly extendsOutput: boolean
  /** What data residency in the US costs, as a factor times ten; null where it cannot be asked for. */
  readonly residencyTenths: bigint | null
}

const dated = /-\d{8}$/
const byName = new Map<string, Model>()
for (const entry of catalog.filter((candidate) => candidate.provider === 'anthropic')) {
  const newest = entry.aliases.find((alias) => dated.test(alias))
  const model = { ...traitsOf(entry.id), entry, snapshot: newest ?? entry.id, residencyTenths: residencyOf(entry) }
  for (const name of [entry.id, ...entry.aliases]) byName.set(name, model)
}

export function modelNamed(name: string): Model | undefined {
  return byName.get(name)
}

/** Whether a scenario takes the model away after its shutdown date. */
export function isRefused(model: Model, account: AccountFaults, now: number): boolean {
  const date = model.entry.shutdown?.date
  return account.refusesRetired === true && Boolean(date) && new Date(now).toISOString().slice(0, 10) >= String(date)
}

/** Each model once, newest generation first. */
export function allModels(): Model[] {
  return [...new Set(byName.values())].sort((a, b) => b.generation - a.generation)
}

/** What the model pages and migration guides say of a model, by its name. */
function traitsOf(id: string): Omit<Model, 'entry' | 'snapshot' | 'residencyTenths'> {
  const [, line = '', major = '0', minor = '0'] = /^claude-([a-z]+)-(\d+)(?:-(\d+))?$/.exec(id) ?? []
  const generation = Number(`${major}.${minor}`)
  const restricted = line === 'fable' || line === 'mythos'
  return {
    generation,
    thinkingTypes: thinkingTypesOf(line, generation),
    thinksUnasked: generation >= 5,
    canBeForced: !(restricted && generation >= 5.1) && !(generation >= 5.5 && line !== 'haiku'),
    takesPrefill: generation < 4.6,
    takesSampling: generation <= 4.6,
    seesSharply: generation >= 4.7,
    extendsOutput: (line === 'opus' || line === 'sonnet') && generation >= 4.6,
  }
}

function thinkingTypesOf(line: string, generation: number): readonly string[] {
  if (generation < 4.6) return ['enabled', 'disabled']
  if (generation === 4.6) return ['enabled', 'adaptive', 'disabled']
  if (line === 'fable' || line === 'mythos' || (line === 'opus' && generation >= 5.5)) return ['adaptive']
  if (line === 'sonnet' && generation >= 5.5) return ['adaptive', 'between_tools']
  return ['adaptive', 'disabled']
}

function residencyOf(entry: CatalogModel): bigint | null {
  const multiplier = entry.dataResidency?.multiplier ?? 1
  return multiplier > 1 ? BigInt(Math.round(multiplier * 10)) : null
}

/** GET /v1/models: the newer API version says more. */
export function modelView(model: Model, version: string): Json {
  const { entry } = model
  const [, line = '', major = '', minor] = /^claude-([a-z]+)-(\d+)(?:-(\d+))?$/.exec(entry.id) ?? []
  const view = {
    type: 'model',
    id: model.snapshot,
    display_name: `Claude ${line.charAt(0).toUpperCase()}${line.slice(1)} ${major}${minor === undefined ? '' : `.${minor}`}`,
    created_at: `${entry.released ?? '1970-01-01'}T00:00:00Z`,
    max_input_tokens: entry.contextWindow,
    max_tokens: entry.maxOutput,
    capabilities: null,
  }
  if (version < '2026-10-21') return view
  const lifecycle = entry.status === 'retired' || entry.status === 'deprecated' ? entry.status : 'active'
  const retires = entry.shutdown?.date ? `${entry.shutdown.date}T00:00:00Z` : null
  return { ...view, lifecycle, line, deprecated_at: null, retires_at: retires }
}
