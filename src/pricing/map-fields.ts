import type { OverlayRow } from './overlay.ts'

/** Prices of one model as a map that others keep has them. */
export type MapRow = Pick<OverlayRow, 'usdPerMillion' | 'modality'> & {
  /** `provider/id` */
  readonly model: string
  /** `aboveTokens` null: the map does not say it well; 200,000 where nobody else says it either. */
  readonly long?: { readonly aboveTokens: number | null; readonly usdPerMillion: Sheets }
  readonly contextWindow?: number
  readonly maxOutput?: number
  readonly shutdown?: string
}

export type Sheets = NonNullable<OverlayRow['usdPerMillion']>

export type Fields = Readonly<Record<string, unknown>>

export const isObject = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** A figure of a map, USD per million tokens; undefined: none. A zero there means that nobody filled it in. */
export function figureOf(value: unknown, times = 1): number | undefined {
  if (typeof value !== 'number' || !(value > 0) || !Number.isFinite(value)) return undefined
  const usd = Number((value * times).toFixed(6))
  return usd > 0 ? usd : undefined
}

export const wholeOf = (value: unknown): number | undefined =>
  typeof value === 'number' && Number.isSafeInteger(value) && value > 0 ? value : undefined

/** Without what is not there. */
export const given = <T extends object>(values: T): { [Name in keyof T]?: Exclude<T[Name], undefined> } =>
  Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as never

/** Whose kind of cache write it is that a map knows one price of. */
export const cacheWriteOf = (provider: string): 'cacheWriteDefault' | 'cacheWrite5m' | undefined =>
  provider === 'openai' ? 'cacheWriteDefault' : provider === 'anthropic' ? 'cacheWrite5m' : undefined
