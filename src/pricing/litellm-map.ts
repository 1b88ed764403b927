import {
  cacheWriteOf,
  type Fields,
  figureOf,
  given,
  isObject,
  type MapRow,
  type Sheets,
  wholeOf,
} from './map-fields.ts'

/** Their providers, and what stands before a model's name in their keys. */
const providers: Readonly<Record<string, { readonly provider: string; readonly prefix: string }>> = {
  openai: { provider: 'openai', prefix: '' },
  'text-completion-openai': { provider: 'openai', prefix: '' },
  anthropic: { provider: 'anthropic', prefix: '' },
  gemini: { provider: 'google', prefix: 'gemini/' },
  mistral: { provider: 'mistral', prefix: 'mistral/' },
  together_ai: { provider: 'together', prefix: 'together_ai/' },
  xai: { provider: 'xai', prefix: 'xai/' },
  azure: { provider: 'azure', prefix: 'azure/' },
  groq: { provider: 'groq', prefix: 'groq/' },
  deepinfra: { provider: 'deepinfra', prefix: 'deepinfra/' },
  dashscope: { provider: 'dashscope', prefix: 'dashscope/' },
  moonshot: { provider: 'moonshot', prefix: 'moonshot/' },
}

/** Where models have no slash in their names, one means a place: `eu/gpt-4o`. */
const slashed = new Set(['together', 'groq', 'deepinfra'])
const modes = new Set(['chat', 'completion', 'responses', 'embedding'])
const tiers = [
  ['standard', ''],
  ['batch', '_batches'],
  ['flex', '_flex'],
  ['priority', '_priority'],
] as const

export const litellmRows = (entries: readonly (readonly [string, unknown])[], wanted: ReadonlySet<string>): MapRow[] =>
  entries.flatMap(([key, entry]) => (isObject(entry) ? (rowOf(key, entry, wanted) ?? []) : []))

function rowOf(key: string, entry: Fields, wanted: ReadonlySet<string>): MapRow | undefined {
  const known = providers[String(entry.litellm_provider)]
  if (known === undefined || !wanted.has(known.provider) || !modes.has(String(entry.mode))) return undefined
  const { provider, prefix } = known
  const id = key.startsWith(prefix) ? key.slice(prefix.length) : ''
  if (id === '' || id.startsWith('ft:') || (id.includes('/') && !slashed.has(provider)) || isOdd(entry))
    return undefined
  const embedding = entry.mode === 'embedding'
  const sheets = (above: string): Sheets =>
    given(
      Object.fromEntries(tiers.map(([tier, suffix]) => [tier, sheetOf(entry, provider, above, suffix, embedding)])),
    ) as Sheets
  const usdPerMillion = sheets('')
  if (usdPerMillion.standard?.input === undefined) return undefined
  const steps = Object.keys(entry).flatMap((name) => /^input_cost_per_token_above_(\d+)k_tokens$/.exec(name)?.[1] ?? [])
  if (steps.length > 1) return undefined
  const shutdown = String(entry.deprecation_date ?? '')
  return {
    model: `${provider}/${id}`,
    usdPerMillion,
    ...(embedding ? { modality: 'embedding' as const } : {}),
    ...(steps[0] === undefined
      ? byMultiple(entry, usdPerMillion)
      : { long: { aboveTokens: Number(steps[0]) * 1000, usdPerMillion: sheets(`_above_${steps[0]}k_tokens`) } }),
    ...given({ contextWindow: wholeOf(entry.max_input_tokens), maxOutput: wholeOf(entry.max_output_tokens) }),
    ...(/^\d{4}-\d{2}-\d{2}$/.test(shutdown) ? { shutdown } : {}),
  }
}

/** Charged by what no usage of an answer tells us. */
function isOdd(entry: Fields): boolean {
  const { output_cost_per_token: output, output_cost_per_reasoning_token: reasoning } = entry
  return (
    entry.tiered_pricing !== undefined ||
    figureOf(entry.output_cost_per_audio_token) !== undefined ||
    (figureOf(reasoning) !== undefined && reasoning !== output)
  )
}

function sheetOf(
  entry: Fields,
  provider: string,
  above: string,
  suffix: string,
  embedding: boolean,
): Sheets['batch'] | undefined {
  const figure = (name: string): number | undefined => figureOf(entry[`${name}${above}${suffix}`], 1e6)
  const write = cacheWriteOf(provider)
  const sheet = given({
    input: figure('input_cost_per_token'),
    cachedInput: figure('cache_read_input_token_cost'),
    ...(write === undefined ? {} : { [write]: figure('cache_creation_input_token_cost') }),
    ...(provider === 'anthropic' ? { cacheWrite1h: figure('cache_creation_input_token_cost_above_1hr') } : {}),
    output: embedding ? undefined : figure('output_cost_per_token'),
  })
  return Object.keys(sheet).length === 0 ? undefined : sheet
}

/** Long prompts told by what they multiply. */
function byMultiple(entry: Fields, { standard }: Sheets): Pick<MapRow, 'long'> {
  const aboveTokens = wholeOf(entry.long_context_input_token_threshold)
  if (aboveTokens === undefined || standard === undefined) return {}
  const times = (kind: string): number =>
    Number(entry[`long_context_${kind === 'output' ? 'output' : 'input'}_cost_multiplier`] ?? 1)
  const scaled = Object.entries(standard).map(([kind, usd]) => [kind, figureOf(usd, times(kind))])
  return { long: { aboveTokens, usdPerMillion: { standard: Object.fromEntries(scaled) } } }
}
