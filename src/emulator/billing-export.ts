import { billOf, type Charge, usdText } from './bill.ts'

const head =
  'Date,Service description,Service ID,SKU description,SKU ID,Usage amount,Usage unit,List cost ($),Negotiated savings ($),Savings programmes ($),Other savings ($),Unrounded subtotal ($),Subtotal ($)'

/**
 * What Google's billing reports export as CSV, of the Gemini API and of Vertex AI: a line per Pacific day and SKU, and
 * sums without a date below. Subtotals are rounded to cents, and beside them stand unrounded ones.
 */
export function billingExport(charges: readonly Charge[]): string {
  const ofGoogle = charges.filter(({ vendor }) => vendor in services)
  const days = Map.groupBy(ofGoogle, ({ at }) => pacificDay(at))
  const lines: string[] = []
  let total = 0n
  for (const [day, of] of [...days].sort(([a], [b]) => (a < b ? -1 : 1))) {
    const skus = new Map<string, { nano: bigint; tokens: bigint }>()
    for (const { vendor, model, tier, kind, nanoUsd, tokens } of billOf(of).entries) {
      const sku = `${services[vendor]},${skuOf(vendor, model, tier, kind)}`
      const { nano, tokens: counted } = skus.get(sku) ?? { nano: 0n, tokens: 0n }
      skus.set(sku, { nano: nano + BigInt(nanoUsd), tokens: counted + BigInt(tokens) })
    }
    for (const [sku, { nano, tokens }] of skus) {
      total += nano
      const usage = `"${tokens.toLocaleString('en-US')}",count`
      const sums = `${cents(nano)},0.00,0.00,0.00,${usdText(nano)},${cents(nano)}`
      lines.push(`${day},${sku},0000-0000-0000,${usage},${sums}`)
    }
  }
  const sums = ['Subtotal', 'Filtered total'].map((name) => `,,,,,,,,,,${name},${usdText(total)},${cents(total)}`)
  return `${[head, ...lines, ...sums].join('\n')}\n`
}

const services: Readonly<Record<string, string>> = {
  gemini: 'Gemini API,AEFD-7695-64FA',
  vertex: 'Vertex AI,C7E2-9256-1C43',
}

const words: Readonly<Record<string, string>> = {
  input: 'input',
  cachedInput: 'cached input',
  output: 'output',
}

function skuOf(vendor: string, model: string, tier: string, kind: string): string {
  const name = model.replaceAll('-', ' ')
  const end = tier === 'standard' ? '' : ` ${tier}`
  const claude = vendor === 'vertex' && model.startsWith('claude')
  return claude
    ? `${name.replace(/ (\d+) (\d+)/, ' $1.$2')} ${words[kind] ?? kind} tokens${end}`
    : `Generate content ${words[kind] ?? kind} token count ${name} text${end}`
}

const pacific = new Intl.DateTimeFormat('en-CA', { timeZone: 'America/Los_Angeles' })
const pacificDay = (at: number): string => pacific.format(at * 1000)

const cents = (nano: bigint): string => {
  const rounded = (nano + 5_000_000n) / 10_000_000n
  return `${rounded / 100n}.${String(rounded % 100n).padStart(2, '0')}`
}
