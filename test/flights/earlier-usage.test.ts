import { describe, expect, test } from 'vitest'
import { chats, field, fly } from './field.ts'

const told = { messages: undefined } as const
const asked = (system: string, count: number, first = 0) =>
  chats(count, {}, first).map((line) => ({
    ...line,
    body: {
      ...line.body,
      ...told,
      messages: [
        { role: 'system', content: system },
        { role: 'user', content: `The number ${line.custom_id}.` },
      ],
    },
  }))

describe('what earlier jobs were billed', () => {
  test('narrows the quote of a job with the same instructions, and says so; of other instructions it does not', async () => {
    await using on = await field({ latency: { medianSeconds: 0 } })
    const redeye = await on.open()
    const batch = async (lines: readonly object[]) => {
      const { lanes } = await redeye.quote(lines)
      const { usd, notes = [] } = lanes.find(({ lane }) => lane === 'openai/batch') ?? {}
      return { wide: Number(usd?.high) / Number(usd?.low), notes: notes.join('\n') }
    }
    const before = await batch(asked('You like numbers.', 200))
    await fly(redeye, asked('You like numbers.', 200))
    const after = await batch(asked('You like numbers.', 200, 500))
    expect(after.wide).toBeLessThan(before.wide / 2)
    expect(after.notes).toContain('1 earlier job of this home with the same instructions and settings')
    const other = await batch(asked('You loathe them.', 200, 500))
    expect(other.wide).toBeGreaterThan(2 * after.wide)
    expect(other.notes).not.toContain('the same instructions')
  })

  test('tells what the vendor bills for each token that is counted', async () => {
    await using on = await field({ latency: { medianSeconds: 0 } })
    const redeye = await on.open()
    const lines = (first: number) =>
      Array.from({ length: 40 }, (_, at) => ({
        custom_id: `q-${first + at}`,
        params: {
          model: 'claude-haiku-4-5',
          max_tokens: 100,
          system: 'Count.',
          messages: [{ role: 'user', content: `Zähle die Öffnungszeiten Nummer ${first + at} zusammen, bitte.` }],
        },
      }))
    await fly(redeye, lines(0))
    const { lanes } = await redeye.quote(lines(100))
    const { notes = [], tokens } = lanes.find(({ lane }) => lane === 'anthropic/batch') ?? {}
    expect(notes.join('\n')).toMatch(/The vendor bills \d\.\d\d tokens for each that is counted, as 1 earlier job/)
    const billed = (await (await fly(redeye, lines(100))).receipt()).tokens['input'] ?? 0
    expect(billed).toBeGreaterThanOrEqual(tokens?.inputLow ?? Number.NaN)
    expect(billed).toBeLessThanOrEqual(tokens?.inputHigh ?? Number.NaN)
  })

  test('says in the receipt whether the charge lies where it was quoted', async () => {
    await using on = await field({ latency: { medianSeconds: 0 } })
    const redeye = await on.open()
    const { usd } = await (await fly(redeye, asked('You like numbers.', 60))).receipt()
    const charged = Number(usd.charged)
    const place = charged < Number(usd.quotedLow) ? 'below' : charged > Number(usd.quotedHigh) ? 'above' : 'within'
    expect(usd.asQuoted).toBe(place)
  })
})
