import { parseExact } from './exact-json.ts'
import type { ModelFacts } from './models.ts'
import { Untranslatable } from './untranslatable.ts'
import { type Warning, type WarningCode, warningReasons } from './warnings.ts'

/** The dialects whose bodies are conversations. */
export type ChatDialect = 'openai-chat' | 'openai-responses' | 'anthropic' | 'gemini'
export type EmbeddingDialect = 'openai-embeddings' | 'gemini-embeddings'
export type DialectName = ChatDialect | EmbeddingDialect

/**
 * Approximations that are refused unless the user asks for them:
 * - `hoist_system`: a system message amid the turns moves to the front;
 * - `clamp_effort`: an effort the model does not know becomes the nearest it knows;
 * - `effort_budgets`: effort and token budgets are exchanged by a table;
 * - `relax_schema`: rules of an answer schema that the vendor does not enforce move into descriptions. The answers must
 *   then be validated here.
 */
export type Allowance = 'hoist_system' | 'clamp_effort' | 'effort_budgets' | 'relax_schema'

export interface RequestOptions {
  /** The model of the lane. Default: the one the request names. */
  readonly model?: string
  /**
   * The most output tokens the model gives, for a dialect that wants a limit when the request states none.
   * Default 4,096, which is short for a model that reasons: pass the model's own ceiling.
   */
  readonly maxOutput?: number
  readonly allow?: readonly Allowance[]
  /** The Messages API version the lane speaks. From 2026-10-21 on it takes no sampling parameters. Default 2023-06-01. */
  readonly anthropicVersion?: '2023-06-01' | '2026-10-21'
  /** Gemini: schemas for answers go as `responseSchema` where that can say them. Default: as `responseJsonSchema`. */
  readonly openSchemas?: boolean
  /** Slots with this token stand for files that are uploaded later. */
  readonly slots?: string
}

export type Json = Record<string, unknown>

/** One translation under way: who speaks to whom, what may be done, and what was changed so far. */
export class Translation {
  readonly from: DialectName
  readonly to: DialectName
  readonly facts: ModelFacts
  readonly warnings: Warning[] = []
  readonly options: RequestOptions

  constructor(from: DialectName, to: DialectName, facts: ModelFacts, options: RequestOptions = {}) {
    this.from = from
    this.to = to
    this.facts = facts
    this.options = options
  }

  allows(what: Allowance): boolean {
    return this.options.allow?.includes(what) === true
  }

  refuse(path: string, reason: string): never {
    throw new Untranslatable(path, this.to, reason)
  }

  /** A field that the reader does not know. It may mean anything, so it is never left out. */
  unknown(path: string, key: string): never {
    this.refuse(path === '' ? key : `${path}.${key}`, 'this field has no known counterpart')
  }

  /** A field that the reader knows and that has no counterpart anywhere else. */
  alone(path: string, key: string): never {
    this.refuse(path === '' ? key : `${path}.${key}`, `only ${this.from} knows this field`)
  }

  warn(code: WarningCode, path: string, from: unknown = null, to: unknown = null): void {
    this.warnings.push({ code, path, from, to, reason: warningReasons[code] })
  }

  /** Once a body, however many places it concerns. */
  warnOnce(code: WarningCode, path: string, from: unknown = null, to: unknown = null): void {
    if (!this.warnings.some((warning) => warning.code === code)) this.warn(code, path, from, to)
  }

  text(value: unknown, path: string): string {
    return typeof value === 'string' ? value : this.refuse(path, 'a string is expected')
  }

  list(value: unknown, path: string): readonly unknown[] {
    return Array.isArray(value) ? value : this.refuse(path, 'an array is expected')
  }

  record(value: unknown, path: string): Json {
    return isRecord(value) ? value : this.refuse(path, 'an object is expected')
  }

  /** The value of JSON text inside the body. */
  json(text: string, path: string): { readonly value: unknown; readonly wide: boolean } {
    try {
      return parseExact(text)
    } catch {
      return this.refuse(path, 'this is not JSON')
    }
  }

  /** Arguments of a call in an answer, as an object. Numbers that a double does not hold stay the text they came as. */
  callArguments(args: { readonly json: string } | { readonly value: unknown }, path: string): Json {
    return this.record('json' in args ? this.json(args.json, path).value : (args.value ?? {}), path)
  }

  texts(value: unknown, path: string): readonly string[] {
    return this.list(value, path).map((item, index) => this.text(item, `${path}[${index}]`))
  }
}

export const isRecord = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value) && !JSON.isRawJSON(value)

/** What says nothing: an absent field says the same. */
export const isNothing = (value: unknown): boolean =>
  value === null || value === undefined || (Array.isArray(value) && value.length === 0)

/** A value as a word: text as it is, anything else as JSON. `String()` would ask an object how it wants to be told. */
export const wordOf = (value: unknown): string =>
  typeof value === 'string' ? value : (JSON.stringify(value) ?? 'undefined')
