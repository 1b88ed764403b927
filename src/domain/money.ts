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
  return pico < 0n ? -dividedHalfEven(-pico, 1000n) : dividedHalfEven(pico, 1000n)
}

/** nano-USD as an exact decimal string without trailing zeros: 1500000n → "0.0015". */
export function usd(nano: NanoUsd): string {
  const sign = nano < 0n ? '-' : ''
  const digits = (nano < 0n ? -nano : nano).toString().padStart(10, '0')
  const fraction = digits.slice(-9).replace(/0+$/, '')
  return sign + digits.slice(0, -9) + (fraction === '' ? '' : `.${fraction}`)
}

/** pico-USD as an exact decimal string. */
export function usdOfPico(pico: PicoUsd): string {
  const digits = (pico < 0n ? -pico : pico).toString().padStart(13, '0')
  const fraction = digits.slice(-12).replace(/0+$/, '')
  return (pico < 0n ? '-' : '') + digits.slice(0, -12) + (fraction === '' ? '' : `.${fraction}`)
}

/** "12.5" → 12500000000n. Throws RangeError on anything but a plain decimal with at most nine decimals. */
export function parseUsd(text: string): NanoUsd {
  const match = /^(-?)(\d+)(?:\.(\d{1,9}))?$/.exec(text.trim())
  if (match === null) throw new RangeError(`"${text}" is not an amount in USD`)
  const nano = BigInt(match[2] + (match[3] ?? '').padEnd(9, '0'))
  return match[1] === '-' ? -nano : nano
}

/**
 * An amount as reports print it: "1,234.50", "-0.5", "8.95e-7", a JSON number. Digits beyond a nano-dollar are rounded,
 * half to even.
 * @param shift  places that the point moves to the left: 2 where the figure is in cents
 * @returns the amount, and to how many decimals of a dollar it is told; undefined: it is none
 */
export function readAmount(value: unknown, shift = 0): { nanoUsd: NanoUsd; decimals: number } | undefined {
  const text = typeof value === 'number' ? String(value) : typeof value === 'string' ? value.trim() : ''
  const match = /^(-?)\$?(-?)(\d{1,3}(?:,\d{3})+|\d+|(?=\.\d))(?:\.(\d+))?(?:[eE]([+-]?\d{1,3}))?$/.exec(text)
  if (match === null) return undefined
  const [, before, after, whole = '', fraction = '', exponent = '0'] = match
  const decimals = fraction.length - Number(exponent) + shift
  const digits = BigInt(whole.replaceAll(',', '') + fraction)
  const nano =
    decimals <= 9 ? digits * 10n ** BigInt(9 - decimals) : dividedHalfEven(digits, 10n ** BigInt(decimals - 9))
  const negative = before === '-' || after === '-'
  return { nanoUsd: negative ? -nano : nano, decimals: Math.max(0, decimals) }
}

function dividedHalfEven(value: bigint, by: bigint): bigint {
  const whole = value / by
  const twice = (value % by) * 2n
  return twice > by || (twice === by && whole % 2n === 1n) ? whole + 1n : whole
}
