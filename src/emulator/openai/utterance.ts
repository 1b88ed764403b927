import { type Twist, type Utterance, utter } from '../answers/utterance.ts'
import { type Chance, chanceFromHex } from '../chance.ts'
import { isJson, type Json } from '../json.ts'
import type { PromptCache } from '../prompt-cache.ts'
import type { Usage } from '../usage.ts'
import type { WireError } from './errors.ts'
import type { Model } from './models.ts'
import { schemaProblem } from './strict-schema.ts'

export interface Circumstances {
  readonly seed: number
  /** sha256 of the body: answers depend on it and the seed, and on nothing else. */
  readonly bodySha256: string
  readonly createdAt: number
  readonly cache: PromptCache | null
  /** What `service_tier` says in the answer; inside a batch always "default". */
  readonly serviceTier: string
  readonly twist?: Twist | undefined
  /** Whether the project has such a file. Absent: ids are taken on trust. */
  readonly knowsFile?: (id: string) => boolean
}

export type Answer =
  /** `text` is the body as JSON: a vector of thousands of numbers is written faster by hand. */
  | { readonly status: 200; readonly text: string; readonly model: Model; readonly usage: Usage }
  | { readonly status: number; readonly error: WireError }

export function refused(error: WireError): Answer {
  return { status: error.status, error }
}

const salt = { text: 1, reasoning: 2, choice: 0x9e37_79b9 }

export function chanceFor(circumstances: Circumstances, choice: number): Chance {
  return chanceFromHex(circumstances.bodySha256, (circumstances.seed * 0x85eb_ca6b + choice * salt.choice) | 0)
}

/** The wire's json_schema format, wherever its schema sits, or what is wrong with it. */
export function formatOf(format: unknown, wrapped: boolean, param: string): { format?: Json; error?: WireError } {
  if (!isJson(format)) return {}
  if (format['type'] !== 'json_schema') return { format }
  const inner = wrapped ? format['json_schema'] : format
  const problem = schemaProblem(inner, wrapped ? `${param}.json_schema` : param, param)
  if (problem) return { error: problem }
  return { format: { type: 'json_schema', schema: (inner as Json)['schema'] } }
}

/** What a model says: those that reason think first, longer the harder they are told to. */
export function utterance(
  chance: Chance,
  model: Model,
  format: Json | undefined,
  effort: unknown,
  tokensMax: number,
  twist: Twist | undefined,
): Utterance {
  const silent = !model.reasons || effort === 'none' || effort === 'minimal'
  const thoughtsMax = silent ? 0 : effort === 'high' || effort === 'xhigh' ? 16 : 4
  return utter(chance, format, thoughtsMax, tokensMax, twist)
}
