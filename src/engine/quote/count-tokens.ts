import type { TaskReply } from '../../kit/byte-pool.ts'
import { answerTermsOf } from '../../pricing/answer-terms.ts'
import { askedLength } from '../../pricing/asked-length.ts'
import { likelyOutput } from '../../pricing/likely-output.ts'
import { mediaTokens } from '../../pricing/media-tokens.ts'
import type { Range } from '../../pricing/range.ts'
import { saidIn } from '../../pricing/said-in.ts'
import { sharedTemplate, type Template, templateOf } from '../../pricing/template.ts'
import { requestTokens, tokenCounter } from '../../pricing/tokens.ts'

/** Counts the tokens of sampled request bodies in a thread of its own: a tokenizer's tables are large, and used once. */
export interface CountIn {
  readonly groups: readonly {
    readonly model: string
    readonly endpoint: string
    readonly samples: readonly Sampled[]
  }[]
}

export interface Sampled {
  readonly body: Uint8Array
  /** Its tokens as the index has them. */
  readonly estimate: number
  /** Of its answer, as the index has it. */
  readonly maxTokens: number | undefined
}

export interface Counted {
  readonly encoding: string
  /** What the vendor bills for each that is counted, while its bills have not told. */
  readonly billed: Range
  /** `low` to `high`: a range where images or files among them leave one. `output`: what its answer is likely to have. */
  readonly samples: readonly {
    readonly estimate: number
    readonly low: number
    readonly high: number
    readonly output: Range
  }[]
  /** Images and files among them, and those whose content was not there to be seen. */
  readonly media: number
  readonly unseen: number
  /** One of them asks for its prompt to be cached. */
  readonly asksCache: boolean
  /** What they have in common. */
  readonly template: Template
}

/** How a schema is worded before the model reads it is not published. */
const SCHEMA_LEAST = 0.7

export async function run({ groups }: CountIn): Promise<TaskReply<Counted[]>> {
  const counted: Counted[] = []
  for (const { model, endpoint, samples: sampled } of groups) {
    const { encoding, billed, countsSchema, count } = await tokenCounter(model)
    let [media, unseen] = [0, 0]
    const asksCache = sampled.some(({ body }) => Buffer.from(body).includes('"cache_control"'))
    const bodies = sampled.map(({ body }) => JSON.parse(Buffer.from(body).toString()) as Record<string, unknown>)
    const samples = sampled.map(({ estimate, maxTokens }, at) => {
      const body = bodies[at] as Record<string, unknown>
      const found = requestTokens(body, count)
      media += found.media.length
      unseen += found.media.filter(({ type }) => type === null).length
      const ranges = found.media.map((one) => mediaTokens(model, one))
      const besides = (end: 'low' | 'high'): number => ranges.reduce((sum, range) => sum + range[end], found.tokens)
      const low = besides('low') + (countsSchema ? SCHEMA_LEAST * found.answerSchema : 0)
      const said = saidIn(body)
      const asked = askedLength(said, () => count(said.user))
      const output = likelyOutput({ endpoint, model, maxTokens, asked, billed, ...answerTermsOf(body) })
      return { estimate, low, high: besides('high') + found.answerSchema, output }
    })
    const template = sharedTemplate(bodies.map(templateOf))
    counted.push({ encoding, billed, samples, media, unseen, asksCache, template })
  }
  return { value: counted, transfer: [] }
}
