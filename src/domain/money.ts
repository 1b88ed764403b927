/** Integer money. Prices are pico-USD per token (10^-12 USD), amounts are nano-USD (10^-9 USD); both are bigint. */
export type PicoUsd = bigint
export type NanoUsd = bigint

/**
 * A catalogue figure as pico-USD per token.
 * @param usdPerMillion  USD per 1,000,000 tokens, as vendors print it: 0.075
 * @returns 75000n. USD per million tokens = micro-USD per token = 10^6 pico-USD per token.
 * @throws RangeError when the figure has more than six decimals: it would not be whole in pico-USD.
 */
export function picoPerToken(usdPerMillion: number): PicoUsd {
  const text = usdPerMillion.toFixed(6)
  if (Math.abs(Number(text) - usdPerMillion) > 1e-12) {
    throw new RangeError(`${usdPerMillion} USD per million tokens is not whole in pico-USD per token`)
  }
  return BigInt(text.replace('.', ''))
}

/** pico to nano, half to even: once per ledger entry, never earlier. */
export function roundToNano(pico: PicoUsd): NanoUsd {
  const negative = pico < 0n
  const value = negative ? -pico : pico
  const whole = value / 1000n
  const rest = value % 1000n
  const up = rest > 500n || (rest === 500n && whole % 2n === 1n)
  const rounded = up ? whole + 1n : whole
  return negative ? -rounded : rounded
}

/** nano-USD as an exact decimal string without trailing zeros: 1500000n → "0.0015". */
export function usd(nano: NanoUsd): string {
  const sign = nano < 0n ? '-' : ''
  const digits = (nano < 0n ? -nano : nano).toString().padStart(10, '0')
  const fraction = digits.slice(-9).replace(/0+$/, '')
  return sign + digits.slice(0, -9) + (fraction === '' ? '' : `.${fraction}`)
}

/** "12.5" → 12500000000n. Throws RangeError on anything but a plain decimal with at most nine decimals. */
export function parseUsd(text: string): NanoUsd {
  const match = /^(-?)(\d+)(?:\.(\d{1,9}))?$/.exec(text.trim())
  if (match === null) throw new RangeError(`"${text}" is not an amount in USD`)
  const nano = BigInt(match[2] + (match[3] ?? '').padEnd(9, '0'))
  return match[1] === '-' ? -nano : nano
}
