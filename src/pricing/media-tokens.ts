import type { ImageSize, MediaType } from '../kit/media-file.ts'

/** Where each rule was read, and when. */
export const sources = {
  openai: { url: 'https://developers.openai.com/api/docs/guides/images-vision', asOf: '2026-11-24' },
  /** Multipliers as billed, where they differ from the guide's. */
  openaiBilled: { url: 'https://community.openai.com/t/1377015', asOf: '2026-11-24' },
  anthropic: { url: 'https://platform.claude.com/docs/en/build-with-claude/vision', asOf: '2026-11-24' },
  anthropicPdf: { url: 'https://platform.claude.com/docs/en/build-with-claude/pdf-support', asOf: '2026-11-24' },
  gemini: { url: 'https://ai.google.dev/gemini-api/docs/media-resolution', asOf: '2026-11-24' },
  geminiTiles: { url: 'https://ai.google.dev/gemini-api/docs/image-understanding', asOf: '2026-11-24' },
} as const

export interface TokenRange {
  readonly low: number
  readonly high: number
}

/** An image or a document of a request, as far as it is known. */
export interface Media {
  /** Null: it lies behind an address or an id. */
  readonly type: MediaType | null
  readonly bytes: number
  readonly size?: ImageSize | undefined
  /** Of a PDF. */
  readonly pages?: number | undefined
  readonly detail?: 'low' | 'high' | undefined
}

/** How many tokens of input it is to the model: by its vendor's rule, as a range where the rule leaves one. */
export function mediaTokens(model: string, media: Media): TokenRange {
  if (media.type === 'text/plain') return { low: Math.floor(media.bytes / 6), high: Math.ceil(media.bytes / 3) }
  const rule = ruleOf(model)
  return media.type === 'application/pdf' ? pdfTokens(rule, media) : rule.image(media.size ?? unknownSize, media.detail)
}

/** What an image costs whose size cannot be known is taken from one of these sides. */
const unknownSize: ImageSize = { width: 1024, height: 1024 }
/** A page as vendors render it; none says at which size. */
const pageAsImage: ImageSize = { width: 1224, height: 1584 }
/** Bytes of a page at the least, where the pages of a PDF cannot be counted. */
const PAGE_BYTES_MIN = 20_000

interface Rule {
  image(size: ImageSize, detail: Media['detail']): TokenRange
  /** One page of a PDF. */
  page(): TokenRange
}

function pdfTokens(rule: Rule, { bytes, pages }: Media): TokenRange {
  const page = rule.page()
  const most = pages ?? 1 + Math.ceil(bytes / PAGE_BYTES_MIN)
  return { low: page.low * (pages ?? 1), high: page.high * most }
}

const ruleOf = (model: string): Rule => {
  const name = model.slice(model.lastIndexOf('/') + 1)
  return rules.find(({ models }) => models.test(name))?.rule ?? anyRule
}

/** Anthropic: a token per patch of 28 by 28 pixels, after it was shrunk to fit. */
const anthropic = (limits: { readonly edgeMax: number; readonly tokensMax: number }): Rule => ({
  image: (size) => exactly(patchesAtMost(size, 28, limits)),
  // anthropicPdf: 1,500 to 3,000 tokens of text a page, and the page as an image; a scan has no text.
  page: () => ({ low: 1500, high: 3000 + Math.min(limits.tokensMax, 1568) }),
})

/** OpenAI, older models: tiles of 512 pixels, after the short side was brought to 768. */
const tiles = (base: number, tile: number): Rule => {
  const image: Rule['image'] = ({ width, height }, detail) => {
    if (detail === 'low') return exactly(base)
    const fit = Math.min(1, 2048 / Math.max(width, height))
    const scale = fit * Math.min(1, 768 / (Math.min(width, height) * fit))
    return exactly(base + tile * Math.ceil(round(width * scale) / 512) * Math.ceil(round(height * scale) / 512))
  }
  return { image, page: () => openaiPage(image) }
}

/** OpenAI, newer models: patches of 32 pixels up to a budget, times a factor; a range where two were stated. */
const patches = (budget: number, factor: TokenRange, high = budget): Rule => {
  const image: Rule['image'] = (size, detail) => {
    const count =
      detail === 'low'
        ? patchesAtMost(size, 32, { edgeMax: 512, tokensMax: 256 })
        : patchesInBudget(size, 32, detail === 'high' ? high : budget)
    return { low: Math.ceil(count * factor.low), high: Math.ceil(count * factor.high) }
  }
  return { image, page: () => openaiPage(image) }
}

/** A page is its text and its image; neither is published. */
const openaiPage = (image: Rule['image']): TokenRange => ({
  low: image(pageAsImage, 'low').low,
  high: image(pageAsImage, undefined).high + 1500,
})

/** Gemini 3 and 4: so many tokens whatever the size; what is written in a PDF is not charged. */
const geminiFixed: Rule = {
  image: () => ({ low: 1000, high: 1120 }),
  page: () => ({ low: 500, high: 560 }),
}

/** Gemini 2.5: 258 for what is small, else for each tile of two thirds of the short side; text of a PDF besides. */
const geminiTiles: Rule = {
  image: ({ width, height }) => {
    if (width <= 384 && height <= 384) return exactly(258)
    const unit = Math.max(1, Math.floor(Math.min(width, height) / 1.5))
    return { low: 258, high: 258 * Math.ceil(width / unit) * Math.ceil(height / unit) }
  },
  page: () => ({ low: 258, high: 258 + 1000 }),
}

const billed = { low: 1, high: 1.2 }
/** By model, the first that fits. The guide names models up to gpt-5.6; later ones are taken to be as that one. */
const rules: readonly { readonly models: RegExp; readonly rule: Rule }[] = [
  {
    models: /^claude-(?:3|(?:opus|sonnet|haiku)-4(?:$|[@-](?:[0-6]|\d{8})(?!\d)))/,
    rule: anthropic({ edgeMax: 1568, tokensMax: 1568 }),
  },
  { models: /^claude-/, rule: anthropic({ edgeMax: 2576, tokensMax: 4784 }) },
  { models: /^gemini-[12]/, rule: geminiTiles },
  { models: /^gemini-/, rule: geminiFixed },
  { models: /^gpt-4o-mini/, rule: tiles(2833, 5667) },
  { models: /^gpt-4\.1-mini/, rule: patches(1536, { low: 1.62, high: 1.62 }) },
  { models: /^gpt-4\.1-nano/, rule: patches(1536, { low: 2.46, high: 2.46 }) },
  { models: /^o4-mini/, rule: patches(1536, { low: 1.72, high: 1.72 }) },
  { models: /^gpt-5(?:\.4)?-mini/, rule: patches(1536, { low: 1.2, high: 1.62 }) },
  { models: /^gpt-5(?:\.4)?-nano/, rule: patches(1536, { low: 1.2, high: 2.46 }) },
  { models: /^(?:gpt-4o|gpt-4\.[15]|gpt-4-|chatgpt-4o)/, rule: tiles(85, 170) },
  { models: /^o[13]/, rule: tiles(75, 150) },
  { models: /^gpt-5(?:\.1)?(?:$|-)/, rule: tiles(70, 140) },
  { models: /^gpt-5\.[23]/, rule: patches(1536, billed) },
  { models: /^gpt-5\.4/, rule: patches(10_000, billed, 2500) },
  { models: /^gpt-5\.5/, rule: patches(10_000, billed, 2500) },
  { models: /^gpt-/, rule: patches(30_000, billed, 2500) },
]

/** A model of nobody we know: anything between the least and the most of the others. */
const anyRule: Rule = {
  image: (size, detail) => {
    const all = [anthropic({ edgeMax: 2576, tokensMax: 4784 }), geminiTiles, tiles(85, 170), patches(2500, billed)]
    const ranges = all.map((rule) => rule.image(size, detail))
    return { low: Math.min(...ranges.map(({ low }) => low)), high: Math.max(...ranges.map(({ high }) => high)) }
  },
  page: () => ({ low: 258, high: 4568 }),
}

const exactly = (tokens: number): TokenRange => ({ low: tokens, high: tokens })
/** Without what floating point adds to a whole number of pixels. */
const round = (pixels: number): number => Math.round(pixels * 1e6) / 1e6

/** Patches that cover an image at a scale of its own. */
const covering = ({ width, height }: ImageSize, patch: number, scale: number): number =>
  Math.max(1, Math.ceil(round((width * scale) / patch))) * Math.max(1, Math.ceil(round((height * scale) / patch)))

/** Patches of an image at the largest scale at which it keeps within both limits. */
function patchesAtMost(size: ImageSize, patch: number, limits: { edgeMax: number; tokensMax: number }): number {
  const scale = Math.min(1, limits.edgeMax / Math.max(size.width, size.height))
  if (covering(size, patch, scale) <= limits.tokensMax) return covering(size, patch, scale)
  let [fits, exceeds] = [0, scale]
  for (let step = 0; step < 40; step++) {
    const middle = (fits + exceeds) / 2
    if (covering(size, patch, middle) <= limits.tokensMax) fits = middle
    else exceeds = middle
  }
  return covering(size, patch, fits)
}

/** Patches of an image that is shrunk to a budget by the guide's formula, which may end a little below it. */
function patchesInBudget(size: ImageSize, patch: number, budget: number): number {
  if (covering(size, patch, 1) <= budget) return covering(size, patch, 1)
  const shrink = Math.sqrt((patch * patch * budget) / (size.width * size.height))
  const [across, down] = [(size.width * shrink) / patch, (size.height * shrink) / patch]
  const whole = shrink * Math.min(Math.max(1, Math.floor(across)) / across, Math.max(1, Math.floor(down)) / down)
  return Math.min(budget, covering(size, patch, whole))
}
