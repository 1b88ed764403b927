import { describe, expect, test } from 'vitest'
import type { Tier, TokenKind } from '../domain/usage.ts'
import { builtIn, type PriceBook, priceBook } from './catalogue.ts'
import { flawsIn } from './flaws.ts'
import { layOver } from './lay-over.ts'
import { type OverlayRow, readOverlay } from './overlay.ts'
import { priceFor, whyRefused } from './price.ts'
import { quote } from './quote.ts'
import { quoteTokens } from './what-if.ts'

const at = Date.parse('2026-11-24T12:00:00Z')
const source = 'https://prices.example/list'

type Row = Omit<OverlayRow, 'source' | 'asOf'> & Partial<Pick<OverlayRow, 'source' | 'asOf'>>

const text = (...models: readonly Row[]): string =>
  JSON.stringify({ schemaVersion: 1, models: models.map((row) => ({ source, asOf: '2026-11-24', ...row })) })
const bookOf = (...models: readonly Row[]): PriceBook =>
  priceBook(layOver(builtIn.rows, readOverlay(text(...models), 'mine.json'), 'mine.json'))

const rate = (book: PriceBook, model: string, tier: Tier, kind: TokenKind, when = at): number | undefined => {
  const row = book.find(model)
  const unit = row && priceFor({ model: row, tier, at: when })?.perToken[kind]
  return unit === undefined ? undefined : Number(unit) / 1e6
}
const refusal = (book: PriceBook, model: string, tier: Exclude<Tier, 'idle'>, when = at): string | undefined => {
  const row = book.find(model)
  if (row === undefined) throw new Error(`There is no ${model}.`)
  return whyRefused(row, tier, when)
}

describe('a price of one’s own', () => {
  test('lies over the catalogue, kind by kind, with its source and its day', () => {
    const book = bookOf({ model: 'openai/gpt-5', usdPerMillion: { batch: { output: 4.98 } } })
    expect(rate(book, 'gpt-5', 'batch', 'output')).toBe(4.98)
    expect(rate(book, 'gpt-5', 'batch', 'input')).toBe(0.625)
    expect(rate(book, 'gpt-5', 'standard', 'output')).toBe(10)
    const row = book.find('gpt-5')
    expect(row).toMatchObject({ asOf: '2026-11-24', sourceUrls: [source], laid: { file: 'mine.json' } })
    expect(rate(builtIn, 'gpt-5', 'batch', 'output')).toBe(5)
  })

  test('of standard takes the other tiers along, at their multiple', () => {
    const book = bookOf({ model: 'openai/gpt-5', usdPerMillion: { standard: { input: 2.5 } } })
    expect(rate(book, 'gpt-5', 'batch', 'input')).toBe(1.25)
    expect(rate(book, 'gpt-5', 'priority', 'input')).toBe(5)
    expect(rate(book, 'gpt-5', 'batch', 'output')).toBe(5)
    expect(priceFor({ model: book.find('gpt-5') ?? '', tier: 'batch', at })?.basis).toBe('derived')
    const windows = bookOf({ model: 'openai/gpt-6.2-sol', usdPerMillion: { standard: { input: 4, output: 20 } } })
    expect(rate(windows, 'gpt-6.2-sol', 'completion-window-2h', 'output')).toBe(14)
    expect(refusal(windows, 'gpt-6.2-sol', 'completion-window-2h')).toBeUndefined()
  })

  test('makes a model known that nobody knew, also of a vendor that the catalogue has no prices of', () => {
    const book = bookOf(
      { model: 'openai/gpt-9', usdPerMillion: { standard: { input: 2, output: 8 }, batch: { input: 1, output: 4 } } },
      {
        model: 'mistral/mistral-large-9',
        aliases: ['mistral-large-latest'],
        usdPerMillion: { standard: { input: 2, output: 6 }, batch: { input: 1, output: 3 } },
      },
      { model: 'together/meta/Llama-9', usdPerMillion: { standard: { input: 1, output: 1 } } },
    )
    expect(rate(book, 'gpt-9', 'batch', 'output')).toBe(4)
    expect(book.find('mistral-large-latest', 'mistral')?.id).toBe('mistral-large-9')
    expect(book.find('mistral-large-latest', 'openai')).toBeUndefined()
    expect(rate(book, 'mistral/mistral-large-9', 'batch', 'input')).toBe(1)
    expect(book.find('meta/Llama-9', 'together')?.id).toBe('meta/Llama-9')
    expect(book.find('together/meta/Llama-9')?.id).toBe('meta/Llama-9')
    expect(builtIn.find('gpt-9')).toBeUndefined()
  })

  test('holds for long prompts too, and can take a tier away', () => {
    const book = bookOf({
      model: 'google/gemini-2.5-pro',
      usdPerMillion: { flex: null },
      longContext: { aboveTokens: 300_000, usdPerMillion: { standard: { input: 3 } } },
    })
    const row = book.find('gemini-2.5-pro')
    if (row === undefined) throw new Error('gone')
    const long = (tier: Tier, promptTokens: number) =>
      Number(priceFor({ model: row, tier, at, promptTokens })?.perToken.input) / 1e6
    expect([long('standard', 300_000), long('standard', 300_001)]).toEqual([1.25, 3])
    expect(long('batch', 300_001)).toBe(1.5)
    expect(rate(book, 'gemini-2.5-pro', 'flex', 'input')).toBeUndefined()
  })

  test('begins and ends on its days; before and after it what lies below, or nothing, is charged', () => {
    const book = bookOf({
      model: 'openai/gpt-5',
      from: '2026-11-20',
      until: '2026-11-30',
      usdPerMillion: { standard: { input: 1 }, batch: { input: 0.5 } },
    })
    const input = (day: string) => rate(book, 'gpt-5', 'batch', 'input', Date.parse(day))
    expect(input('2026-11-19T23:59:59Z')).toBe(0.625)
    expect(input('2026-11-20T00:00:00Z')).toBe(0.5)
    expect(input('2026-11-30T23:59:59Z')).toBe(0.5)
    expect(input('2026-12-01T00:00:00Z')).toBeUndefined()
    expect(refusal(book, 'gpt-5', 'batch', Date.parse('2026-12-01'))).toBe(
      `The price of gpt-5 has expired: it held until 2026-11-30. Source: ${source}, in mine.json.`,
    )
  })

  test('read after an announced change says what holds since; those still to come are kept', () => {
    const later = { model: 'google/gemini-4-argon', asOf: '2026-12-05', usdPerMillion: { batch: { output: 9.99 } } }
    const book = bookOf(later)
    const output = (day: string) => rate(book, 'gemini-4-argon', 'batch', 'output', Date.parse(day))
    expect([output('2026-11-30'), output('2026-12-01')]).toEqual([5, 9.99])
    expect(rate(book, 'gemini-4-argon', 'standard', 'output', Date.parse('2026-12-06'))).toBe(20)
    const earlier = bookOf({ ...later, asOf: '2026-11-24', usdPerMillion: { batch: { output: 4.99 } } })
    expect(rate(earlier, 'gemini-4-argon', 'batch', 'output', Date.parse('2026-12-01'))).toBe(10)
  })

  test('settles which of the possible changes came', () => {
    const row = builtIn.find('gpt-5.6-sol')
    expect(row && priceFor({ model: row, tier: 'batch', at })?.doubts).toHaveLength(1)
    const read = bookOf({ model: 'openai/gpt-5.6-sol' }).find('gpt-5.6-sol')
    expect(read && priceFor({ model: read, tier: 'batch', at })?.doubts).toEqual([])
  })

  test('of two for one model the later one wins', () => {
    const book = bookOf(
      { model: 'openai/gpt-5', from: '2026-11-22', usdPerMillion: { batch: { output: 4.99 } } },
      { model: 'openai/gpt-5', from: '2026-11-20', usdPerMillion: { batch: { output: 4.98, input: 0.626 } } },
    )
    expect(rate(book, 'gpt-5', 'batch', 'output')).toBe(4.99)
    expect(rate(book, 'gpt-5', 'batch', 'input')).toBe(0.626)
    expect(rate(book, 'gpt-5', 'batch', 'output', Date.parse('2026-11-21'))).toBe(4.98)
  })
})

describe('a price that cannot be right is refused with its source', () => {
  test('a batch price that is not its vendor’s multiple of standard: gpt-4o-2024-08-06 at 7.50', () => {
    const wrong = { model: 'openai/gpt-4o-2024-08-06', usdPerMillion: { batch: { output: 7.5 } } }
    const book = bookOf(wrong)
    expect(rate(book, 'gpt-4o-2024-08-06', 'batch', 'output')).toBeUndefined()
    expect(refusal(book, 'gpt-4o-2024-08-06', 'batch')).toBe(
      'The price of gpt-4o-2024-08-06 in batch is refused: output is 7.5, 0.75 of standard 10, and openai declares 0.5. ' +
        `A page of theirs that lists it would settle it. Source: ${source}, in mine.json.`,
    )
    expect(rate(book, 'gpt-4o-2024-08-06', 'standard', 'output')).toBe(10)
    expect(rate(book, 'gpt-4o', 'batch', 'output')).toBe(5)
    const listed = bookOf({ ...wrong, basis: 'listed', source: 'https://vendor.example/pricing' })
    expect(rate(listed, 'gpt-4o-2024-08-06', 'batch', 'output')).toBe(7.5)
  })

  test('gpt-4o-2024-05-13, whose 7.50 is right, passes, and is not priced as gpt-4o', () => {
    const row = {
      model: 'openai/gpt-4o-2024-05-13',
      usdPerMillion: { standard: { output: 15 }, batch: { output: 7.5 } },
    }
    for (const book of [builtIn, bookOf(row)]) {
      expect(rate(book, 'gpt-4o-2024-05-13', 'batch', 'output')).toBe(7.5)
      expect(book.resolve({ requested: 'gpt-4o', answered: 'gpt-4o-2024-05-13' })?.id).toBe('gpt-4o-2024-05-13')
      expect(rate(book, 'gpt-4o', 'batch', 'output')).toBe(5)
    }
  })

  test('within one in a hundred of the multiple it passes; a flex price is judged alike', () => {
    const of = (tier: 'batch' | 'flex', output: number) =>
      refusal(bookOf({ model: 'openai/gpt-5', usdPerMillion: { [tier]: { output } } }), 'gpt-5', tier)
    expect(of('batch', 5.05)).toBeUndefined()
    expect(of('batch', 5.06)).toContain('output is 5.06')
    expect(of('flex', 5.06)).toContain('in flex is refused')
  })

  test('one of a vendor that declares no multiple wants a page that lists it', () => {
    const grok = {
      model: 'xai/grok-9',
      usdPerMillion: { standard: { input: 2, output: 6 }, batch: { input: 1, output: 3 } },
    }
    expect(refusal(bookOf(grok), 'grok-9', 'batch')).toContain('xai declares no multiple')
    expect(refusal(bookOf({ ...grok, basis: 'listed' }), 'grok-9', 'batch')).toBeUndefined()
    const lonely = { model: 'mistral/m', usdPerMillion: { batch: { input: 1, output: 3 } } }
    expect(refusal(bookOf(lonely), 'm', 'batch')).toContain('no standard price is there to judge that by')
    const deep = {
      model: 'deepinfra/d',
      usdPerMillion: { standard: { input: 1, output: 1 }, batch: { input: 0.8, output: 0.8 } },
    }
    expect(refusal(bookOf(deep), 'd', 'batch')).toBeUndefined()
  })

  test('one that is ten times below the same kind in another tier, listed or not', () => {
    const book = bookOf({
      model: 'openai/gpt-5',
      basis: 'listed',
      usdPerMillion: { batch: { input: 0.0625 } },
    })
    expect(refusal(book, 'gpt-5', 'batch')).toContain('input is 0.0625, and 2.5 in priority.')
    expect(refusal(book, 'gpt-5', 'flex')).toBeUndefined()
  })

  test('one that is absent where its tier is sold', () => {
    const book = bookOf({
      model: 'openai/gpt-9',
      usdPerMillion: { standard: { input: 2, output: 8 }, batch: { input: 1 } },
    })
    expect(refusal(book, 'gpt-9', 'batch')).toContain('output is absent.')
    const embeddings = { standard: { input: 2 }, batch: { input: 1 } }
    const vectors = bookOf({ model: 'openai/vectors-9', modality: 'embedding', usdPerMillion: embeddings })
    expect(refusal(vectors, 'vectors-9', 'batch')).toBeUndefined()
  })

  test('a quote says so instead of a price, in the lanes that it concerns', () => {
    const prices = bookOf({ model: 'openai/gpt-4o', usdPerMillion: { batch: { output: 7.5 } } })
    const { lanes, recommended } = quoteTokens({ model: 'gpt-4o', inputTokens: 1e6 }, at, { prices })
    const batch = lanes.find(({ lane }) => lane === 'openai/batch')
    expect(batch?.usd.high).toBeNull()
    expect(batch?.refused).toContain(`Source: ${source}, in mine.json`)
    expect(batch?.notes[0]).toBe(batch?.refused)
    expect(lanes.find(({ lane }) => lane === 'openai/standard')).toMatchObject({ usd: { high: '2.5' } })
    expect(recommended).toBeNull()
  })

  test('the catalogue has none', () => {
    expect(builtIn.rows.flatMap(flawsIn)).toEqual([])
  })
})

describe('a file of prices', () => {
  const problem = (content: string): string => {
    try {
      readOverlay(content, '/home/me/redeye.prices.json')
    } catch (error) {
      return (error as Error).message
    }
    throw new Error('It was read.')
  }

  test('that is malformed is refused with its path and that of each wrong member', () => {
    expect(problem('{')).toMatch(/^\/home\/me\/redeye\.prices\.json: /)
    const told = problem(
      text(
        { model: 'gpt-5' },
        { model: 'openai/gpt-5', usdPerMillion: { batch: { output: -1 } } },
        { model: 'openai/gpt-5', asOf: 'yesterday' },
      ),
    )
    expect(told.split('\n')).toEqual([
      '/home/me/redeye.prices.json is no list of prices:',
      'models[0].model: should be provider/model, as openai/gpt-5',
      'models[1].usdPerMillion.batch.output: should be above 0; null where it is not sold',
      'models[2].asOf: should be a day, as 2026-11-24',
    ])
    expect(problem('[]')).toContain('the file: ')
  })

  test('with a tier or a kind of token that nobody knows is refused, never guessed', () => {
    const unknown = (usdPerMillion: object) => problem(text({ model: 'openai/gpt-5', usdPerMillion } as Row))
    expect(unknown({ ultrafast: { input: 1 } })).toContain('models[0].usdPerMillion: Unrecognized key: "ultrafast"')
    expect(unknown({ batch: { audioInput: 1 } })).toContain('usdPerMillion.batch: Unrecognized key: "audioInput"')
    expect(unknown({ batch: { input: 0 } })).toContain('should be above 0')
    expect(unknown({ batch: { input: 0.123_456_7 } })).toContain('six decimals')
  })

  test('names no page and yet calls its price listed: refused', () => {
    expect(problem(text({ model: 'openai/gpt-5', basis: 'listed', source: 'a friend' }))).toContain(
      'models[0].source: should be the address of the page',
    )
    expect(problem(text({ model: 'vertex/gemini-2.5-pro' }))).toContain('google or anthropic')
  })
})

test('what is read from a cache on a model of unknown stacking is quoted both ways', () => {
  const group = {
    vendor: 'gemini',
    model: 'gemini-3.8-flash',
    endpoint: '/v1/chat/completions',
    requests: 1000,
    inputTokens: { low: 1e9, high: 1e9 },
    outputTokens: { low: 0, high: 0 },
    cachedShare: 1,
  }
  const [batch] = quote({ at, groups: [group], flyable: ['gemini/batch'] }).lanes
  expect(batch?.usd).toMatchObject({ low: '37.5', high: '75' })
  expect(batch?.notes.join(' ')).toContain('they cost 0.0375 or 0.075 USD per million, and budgets take the dearer')
})
