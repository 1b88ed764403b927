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

/** Their providers that are called otherwise here. */
const names: Readonly<Record<string, string>> = { togetherai: 'together', alibaba: 'dashscope', moonshotai: 'moonshot' }

export const modelsDevRows = (
  providers: readonly (readonly [string, unknown])[],
  wanted: ReadonlySet<string>,
): MapRow[] =>
  providers.flatMap(([id, fields]) => {
    const provider = names[id] ?? id
    if (!wanted.has(provider) || !isObject(fields) || !isObject(fields.models)) return []
    return Object.entries(fields.models).flatMap(([model, entry]) =>
      isObject(entry) ? (rowOf(provider, model, entry) ?? []) : [],
    )
  })

function rowOf(provider: string, id: string, entry: Fields): MapRow | undefined {
  const { cost, limit, modalities } = entry
  if (!isObject(cost) || isOdd(cost, modalities)) return undefined
  const embedding = /embed/.test(id)
  const standard = sheetOf(provider, cost, embedding)
  if (standard.input === undefined || (!embedding && standard.output === undefined)) return undefined
  const steps = Array.isArray(cost.tiers) ? cost.tiers.filter(isObject) : []
  if (steps.length > 1) return undefined
  const limits = isObject(limit) ? limit : {}
  return {
    model: `${provider}/${id}`,
    usdPerMillion: { standard },
    ...(embedding ? { modality: 'embedding' as const } : {}),
    ...longOf(provider, cost, steps[0]),
    ...given({ contextWindow: wholeOf(limits.context), maxOutput: wholeOf(limits.output) }),
  }
}

/** Charged by what no usage of an answer tells us. */
function isOdd({ output, reasoning, output_audio: spoken }: Fields, modalities: unknown): boolean {
  const answers = isObject(modalities) && Array.isArray(modalities.output) ? modalities.output : ['text']
  return (
    !answers.includes('text') ||
    figureOf(spoken) !== undefined ||
    (figureOf(reasoning) !== undefined && reasoning !== output)
  )
}

function sheetOf(provider: string, cost: Fields, embedding: boolean): NonNullable<Sheets['standard']> {
  const write = cacheWriteOf(provider)
  return given({
    input: figureOf(cost.input),
    cachedInput: figureOf(cost.cache_read),
    ...(write === undefined ? {} : { [write]: figureOf(cost.cache_write) }),
    output: embedding ? undefined : figureOf(cost.output),
  })
}

/** `tiers` tells from where on; the older `context_over_200k` is called so wherever the vendor begins. */
function longOf(provider: string, cost: Fields, step: Fields | undefined): Pick<MapRow, 'long'> {
  if (step !== undefined && isObject(step.tier)) {
    const aboveTokens = step.tier.type === 'context' ? wholeOf(step.tier.size) : undefined
    return aboveTokens === undefined
      ? {}
      : { long: { aboveTokens, usdPerMillion: { standard: sheetOf(provider, step, false) } } }
  }
  const over = cost.context_over_200k
  return isObject(over)
    ? { long: { aboveTokens: null, usdPerMillion: { standard: sheetOf(provider, over, false) } } }
    : {}
}
