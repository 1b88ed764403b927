import type { LineProblem } from '../domain/errors.ts'
import type { Tier } from '../domain/usage.ts'
import type { Quote } from '../engine/index.ts'

/** What to ask of each row, and how to read the answers; makes the input a table. */
export interface TablePrompt {
  /** `Classify: {{text}}`: a column's value is put in literally and never expanded again. */
  readonly prompt?: string
  readonly system?: string
  /**
   * Images that each row brings along: templates of a path, or of an https address that the vendor fetches. PNG, JPEG,
   * GIF or WebP by content, whatever the name. Relative paths begin at the working directory.
   */
  readonly images?: string | readonly string[]
  /** Files that each row brings along: images, PDFs, or texts, which go as text. After the images, before the prompt. */
  readonly files?: string | readonly string[]
  /** Replaces the model of requests; says it for rows. */
  readonly model?: string
  /** A JSON Schema, or a zod schema: one typed column per top-level field, and every answer is checked. */
  readonly schema?: unknown
  /** Column of an answer without fields of its own. Default `answer`. */
  readonly answerColumn?: string
  /** Adds `_model`, `_lane` and `_usd` to each row of the output; to batch lines a member `redeye` with the same. */
  readonly withCost?: boolean
  /** Further members of each request's body, as the vendor names them: {"max_completion_tokens": 200}. */
  readonly params?: Readonly<Record<string, unknown>>
}

export interface JobSettings extends TablePrompt {
  /** Your name for the job: the same key, input and options are the same job, however often it is started. */
  readonly key?: string
  /** When it must land. Without, the job flies at its own pace. */
  readonly by?: Date
  /**
   * Other models that may answer as well, each as `model` names one: the policy flies each part of the job on whichever
   * costs least and lands in time. Which model answered is in each answer. Not for embeddings.
   */
  readonly orModels?: readonly string[]
  /**
   * The lanes it may fly on, cheapest first: `['batch', 'flex', 'standard']`. Default: batch alone without `by`, else
   * batch, flex and standard, as far as the model is sold there.
   */
  readonly ladder?: readonly Tier[]
  /**
   * Buys so many random requests first, at once, and rests the quote on what they cost: with a range that is narrow and
   * measured. Their answers are kept, and are not bought again by the job. Default: none.
   */
  readonly pilot?: number
  /** Asked with what the pilot would cost before it is bought; false refuses it. Default: it is bought. */
  readonly confirmPilot?: (quote: Quote) => Promise<boolean> | boolean
  /** Flies although the lanes cannot be relied upon to meet `by`. */
  readonly bestEffort?: boolean
  /** Requests a minute on lanes that take them one by one, for each account and model; what yours may send, if you know. */
  readonly requestsPerMinute?: number
  /**
   * False: all requests go at once. Default: of a job of 1,000 or more, one of every set of parameters goes ahead, and
   * when the vendor turns it down, the job ends (PreflightRejected).
   */
  readonly preflight?: boolean
  /**
   * Buys one of requests that ask the same, byte by byte, and gives its answer to all of them. Default false: who asks
   * twice may want two answers.
   */
  readonly dedupe?: boolean
  /**
   * Of beginnings that prompts share: system text, tools, leading documents. Default `auto`: where the vendor keeps them
   * for those who ask, and that saves more than it costs, they are marked. `plan`: the quote says what it would save.
   */
  readonly cache?: 'auto' | 'off' | 'plan'
  /**
   * Takes answers that earlier jobs of the home have had to requests that ask the same of the same model. Default false.
   */
  readonly reuse?: boolean
  /**
   * Where the vendors are told to work: `us`, `eu`, or another of theirs. Refused where the vendor of the model has no
   * such region. Default: wherever the environment says.
   */
  readonly region?: string
  /** USD, as a decimal string or number: nothing is bought beyond it. */
  readonly budget?: string | number
  /** Flies although a price is unknown; the receipt then has none. Default false. */
  readonly allowUnpriced?: boolean
  /** Rounds for requests that deserve another, after the first. Default 2. */
  readonly retries?: number
  /** Requests of one upload at most, for many small ones; the vendor's own limits hold besides. Default: those alone. */
  readonly shardRequests?: number
  /** Of answers that fail the schema. Default `keep`: in the output with their error named. */
  readonly onInvalidAnswer?: 'keep' | 'retry' | 'fail'
  /**
   * Of answers that their output limit cuts off. Default `keep`: in the output, counted as `truncated`. `grow`: asked for
   * again in the next round with twice the limit, up to the model's own; the longer answer is delivered, both are paid.
   * `split` is refused: docs/decisions/0020-truncated-answers-are-not-split.md.
   */
  readonly onTruncated?: 'grow' | 'split' | 'keep'
  /**
   * Of a purchase that perhaps arrived, at a vendor where nothing marks it as ours. Default `wait`: until its results
   * tell, a day at most. `rebuy`: what it was for is bought again, and paid twice if it did arrive.
   */
  readonly onUnsure?: 'wait' | 'rebuy'
  /** Kept on the job and on every ledger entry. */
  readonly tags?: Readonly<Record<string, string>>
  /** Where landing writes the results to; without, they are fetched by `results` or `deliver`. */
  readonly output?: string
  /** Leaves our files at the vendor; by default they are deleted once their content is safe here. */
  readonly keepRemote?: boolean
  /** Leaves bad lines out instead of refusing the input; each is handed over. */
  readonly skipInvalid?: boolean
  readonly onReject?: (line: Uint8Array, problem: LineProblem) => Promise<void>
  /** Of the intake: bytes and requests read so far. */
  readonly onProgress?: (bytes: number, requests: number) => void
  /** Of rows or lines given as a stream, whose name does not tell. Default `jsonl`. */
  readonly format?: 'csv' | 'tsv' | 'jsonl'
}

/**
 * Paths (`-`: standard input), a stream of bytes, or an (async) iterable of requests or rows as objects. gzip and zstd
 * are recognised by content. With a prompt, a path may be a folder or a pattern (`scans/*.png`): then each file is a row
 * with the columns `path`, `name` and `bytes`, and goes along unless `images` or `files` say otherwise.
 */
export type JobInput = string | readonly string[] | AsyncIterable<Uint8Array> | Iterable<object> | AsyncIterable<object>
