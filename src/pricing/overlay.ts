import { z } from 'zod'
import { UsageError } from '../domain/errors.ts'
import { tokenKinds } from '../domain/usage.ts'

const price = z
  .number()
  .positive('should be above 0; null where it is not sold')
  .refine((usd) => Math.abs(Number(usd.toFixed(6)) - usd) < 1e-12, 'should have six decimals at most')
  .nullable()
const sheet = z.strictObject(
  Object.fromEntries(tokenKinds.map((kind) => [kind, price.optional()])) as Record<
    (typeof tokenKinds)[number],
    z.ZodOptional<typeof price>
  >,
)
const tier = sheet.nullable().optional()
const sheets = z.strictObject({
  standard: sheet.optional(),
  batch: tier,
  flex: tier,
  'completion-window-8h': tier,
  'completion-window-2h': tier,
  priority: tier,
})
const day = z.iso.date('should be a day, as 2026-11-24')
const whole = z.int().positive()

const row = z
  .strictObject({
    model: z
      .string()
      .regex(/^[^/\s]+\/\S+$/, 'should be provider/model, as openai/gpt-5')
      .refine((name) => !/^(?:gemini|vertex)\//.test(name), 'should name whose model it is: google or anthropic'),
    source: z.string().min(1),
    asOf: day,
    basis: z.enum(['listed', 'derived']).optional(),
    from: day.optional(),
    until: day.optional(),
    usdPerMillion: sheets.optional(),
    longContext: z.strictObject({ aboveTokens: whole, usdPerMillion: sheets }).nullable().optional(),
    modality: z.enum(['text', 'embedding']).optional(),
    aliases: z.array(z.string().min(1)).optional(),
    cacheAndBatch: z.enum(['none', 'multiplicative', 'cached-price-takes-precedence', 'unknown']).optional(),
    minCacheableTokens: whole.optional(),
    contextWindow: whole.optional(),
    maxOutput: whole.optional(),
    shutdown: day.nullable().optional(),
  })
  .refine(({ basis, source }) => basis !== 'listed' || /^https?:\/\//.test(source), {
    path: ['source'],
    error: 'should be the address of the page that lists the price',
  })

const file = z.strictObject({ schemaVersion: z.literal(1), models: z.array(row) })

/** Prices of one model in a file of the user's. What it does not say stays as it was; see docs/prices.md. */
export type OverlayRow = z.infer<typeof row>

/**
 * A file of prices as it should be.
 * @param path  as it is named in the error
 * @throws UsageError with the path of each member that is wrong
 */
export function readOverlay(text: string, path: string): readonly OverlayRow[] {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (error) {
    throw new UsageError(`${path}: ${(error as Error).message}`, 'It should be JSON.')
  }
  const read = file.safeParse(value)
  if (read.success) return read.data.models
  const problems = read.error.issues.map((issue) => `${placeOf(issue.path)}: ${issue.message}`)
  throw new UsageError(
    [`${path} is no list of prices:`, ...problems].join('\n'),
    'docs/prices.md shows one. Nothing is priced while the file is wrong.',
  )
}

const placeOf = (path: readonly PropertyKey[]): string =>
  path.length === 0
    ? 'the file'
    : path
        .map((part, at) => (typeof part === 'number' ? `[${part}]` : `${at === 0 ? '' : '.'}${String(part)}`))
        .join('')
