import type { TaskReply } from '../kit/byte-pool.ts'
import { requestTokens, tokenCounter } from '../pricing/tokens.ts'

/** Counts the tokens of sampled request bodies in a thread of its own: a tokenizer's tables are large, and used once. */
export interface CountIn {
  readonly groups: readonly { readonly model: string; readonly bodies: readonly Uint8Array[] }[]
}

export interface Counted {
  readonly encoding: string
  readonly spread: number
  readonly samples: readonly { readonly bytes: number; readonly tokens: number }[]
  /** Images and files among them. */
  readonly media: number
  /** One of them asks for its prompt to be cached. */
  readonly asksCache: boolean
}

export async function run({ groups }: CountIn): Promise<TaskReply<Counted[]>> {
  const counted: Counted[] = []
  for (const { model, bodies } of groups) {
    const { encoding, spread, count } = await tokenCounter(model)
    let media = 0
    const asksCache = bodies.some((bytes) => Buffer.from(bytes).includes('"cache_control"'))
    const samples = bodies.map((bytes) => {
      const found = requestTokens(JSON.parse(Buffer.from(bytes).toString()) as object, count)
      media += found.media
      return { bytes: bytes.length, tokens: found.tokens }
    })
    counted.push({ encoding, spread, samples, media, asksCache })
  }
  return { value: counted, transfer: [] }
}
