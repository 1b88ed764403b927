import type { Range } from './range.ts'
import type { Said } from './said-in.ts'

/** Instructions stand before what they are about, or after it. */
const BEFORE = 600
const AFTER = 300

interface Cue {
  readonly words: RegExp
  /** Tokens of such answers, the averages of nineteen jobs in twenty. */
  readonly tokens: Range
  /** They are as many times as long as what they are about, instead. */
  readonly ofText?: true
}

/** Words for what is asked, in English and some other languages. Of several that are found, any may be meant. */
const cues: readonly Cue[] = [
  {
    words:
      /\b(?:classif|categori[sz]|label|sentiment|spam|yes or no|true or false|(?:one|single) word|rate the|score|kategori|klassifi|ordne|catégor|clasific)|категор|классифиц|分类|类别|分類/iu,
    tokens: { low: 2, high: 40 },
  },
  {
    words:
      /\b(?:extract|(?:list|find) (?:all|every|the)|fields?\b|json\b|extrahier|angaben|extrai|extrae)|извлек|поля|提取|抽取|抽出/iu,
    tokens: { low: 15, high: 300 },
  },
  {
    words:
      /\b(?:summar|tl;?dr|condense|key points|headline|title for|fasse?\b|zusammenfass|résum|resum)|кратко|резюм|перескаж|概括|总结|摘要|要約/iu,
    tokens: { low: 25, high: 350 },
  },
  {
    words:
      /\b(?:translat|rewrite|rephrase|paraphras|proofread|correct the|übersetz|tradui|traduc)|перевед|перевод|翻译|翻訳|改写/iu,
    tokens: { low: 0.6, high: 2 },
    ofText: true,
  },
  {
    words:
      /\b(?:answer|explain|why\b|how (?:do|to|can)|describe|repl(?:y|ies)|respond|beantwort|erklär|antworte|répond|expliqu|explica)|ответь|объясни|回答|解释|説明/iu,
    tokens: { low: 25, high: 700 },
  },
  {
    words:
      /\b(?:write|draft|compose|essay|article|story|blog|schreib|verfass|écri|rédig|escrib|redact)|напиши|сочини|写一|撰写|書いて/iu,
    tokens: { low: 100, high: 2000 },
  },
]

/**
 * How long answers are by what is asked; undefined: nothing tells.
 * @param textTokens  of what the instructions are about
 */
export function askedLength({ system, user }: Said, textTokens: () => number): Range | undefined {
  const about = user.length > BEFORE + AFTER ? `${user.slice(0, BEFORE)}\n${user.slice(-AFTER)}` : user
  const found = cues.filter(({ words }) => words.test(system === '' ? about : system.slice(0, BEFORE + AFTER)))
  if (found.length === 0) return undefined
  const times = found.some(({ ofText }) => ofText) ? textTokens() : 1
  const ends = found.map(({ tokens: { low, high }, ofText }) => (ofText ? [low * times, high * times] : [low, high]))
  return { low: Math.min(...ends.map(([low = 0]) => low)), high: Math.max(...ends.map(([, high = 0]) => high)) }
}
