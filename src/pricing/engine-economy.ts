import { PriceMissing } from '../domain/errors.ts'
import { catalogue, type ModelRow } from './catalogue.ts'
import { priceFor } from './price.ts'
import { sellerOf } from './what-if.ts'

/** Tokens a second. */
export interface EngineSpeed {
  readonly inputPerSecond: number
  readonly outputPerSecond: number
}

/** What an engine costs, and what the same tokens cost in batches. All prices are USD per million tokens of the mix. */
export interface EngineEconomy {
  readonly usdPerHour: number
  /** At full use, prompts and answers together. */
  readonly usdPerMillion: number
  /** Of the tokens, those of answers. */
  readonly outputShare: number
  /** Cheapest first. */
  readonly compared: readonly ComparedModel[]
}

export interface ComparedModel {
  readonly lane: string
  readonly model: string
  readonly usdPerMillion: number
  /** Share of its time that the engine has to be busy to cost no more; above 1: it never does. */
  readonly breakEven: number
}

/**
 * @param models  of the catalogue; default: of each maker the cheapest current one, by this mix, and the one in the middle
 * @throws UsageError for a model that has no row · PriceMissing for one without a batch price
 */
export function engineEconomy(
  { inputPerSecond, outputPerSecond }: EngineSpeed,
  usdPerHour: number,
  at: number,
  models?: readonly string[],
): EngineEconomy {
  const perSecond = inputPerSecond + outputPerSecond
  const outputShare = outputPerSecond / perSecond
  const usdPerMillion = (usdPerHour / 3600 / perSecond) * 1e6
  const priced = (models ?? currentModels()).map((name) => {
    const { vendor, row } = sellerOf(name)
    const { input, output } = priceFor({ model: row, vendor, tier: 'batch', at })?.perToken ?? {}
    if (input === undefined || output === undefined) throw new PriceMissing(row.id, `the lane ${vendor}/batch`)
    const batch = (Number(input) * (1 - outputShare) + Number(output) * outputShare) / 1e6
    const lane = `${vendor}/batch`
    return { lane, model: row.id, provider: row.provider, usdPerMillion: batch, breakEven: usdPerMillion / batch }
  })
  const sorted = priced.toSorted((a, b) => a.usdPerMillion - b.usdPerMillion)
  const shown = models === undefined ? sorted.filter((row) => isTelling(row, sorted)) : sorted
  const compared = shown.map(({ lane, model, usdPerMillion, breakEven }) => ({ lane, model, usdPerMillion, breakEven }))
  return { usdPerHour, usdPerMillion, outputShare, compared }
}

const currentModels = (): string[] =>
  catalogue.models
    .filter(({ status, modality, prices }) => status === 'current' && modality === 'text' && prices.batch !== null)
    .map(({ id }) => id)

function isTelling<Row extends Pick<ModelRow, 'provider'>>(row: Row, sorted: readonly Row[]): boolean {
  const own = sorted.filter(({ provider }) => provider === row.provider)
  return row === own[0] || row === own[Math.floor(own.length / 2)]
}
