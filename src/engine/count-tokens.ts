import type { TaskReply } from '../kit/byte-pool.ts'
import { mediaTokens } from '../pricing/media-tokens.ts'
import { requestTokens, tokenCounter } from '../pricing/tokens.ts'

/** Counts the tokens of sampled request bodies in a thread of its own: a tokenizer's tables are large, and used once. */
export interface CountIn {
  readonly groups: readonly { readonly model: string; readonly samples: readonly Sampled[] }[]
}

export interface Sampled {
  readonly body: Uint8Array
  /** Its tokens as the index has them. */
  readonly estimate: number
}

export interface Counted {
  readonly encoding: string
  readonly spread: number
  /** A range where images or files among them leave one. */
  readonly samples: readonly { readonly estimate: number; readonly low: number; readonly high: number }[]
  /** Images and files among them, and those whose content was not there to be seen. */
  readonly media: number
  readonly unseen: number
  /** One of them asks for its prompt to be cached. */
  readonly asksCache: boolean
}

export async function run({ groups }: CountIn): Promise<TaskReply<Counted[]>> {
  const counted: Counted[] = []
  for (const { model, samples: sampled } of groups) {
    const { encoding, spread, countsSchema, count } = await tokenCounter(model)
    let [media, unseen] = [0, 0]
    const asksCache = sampled.some(({ body }) => Buffer.from(body).includes('"cache_control"'))
    const samples = sampled.map(({ body, estimate }) => {
      const found = requestTokens(JSON.parse(Buffer.from(body).toString()) as object, count)
      media += found.media.length
      unseen += found.media.filter(({ type }) => type === null).length
      const ranges = found.media.map((one) => mediaTokens(model, one))
      const besides = (end: 'low' | 'high'): number => ranges.reduce((sum, range) => sum + range[end], found.tokens)
      const low = besides('low') + (countsSchema ? found.answerSchema : 0)
      return { estimate, low, high: besides('high') + found.answerSchema }
    })
    counted.push({ encoding, spread, samples, media, unseen, asksCache })
  }
  return { value: counted, transfer: [] }
}
