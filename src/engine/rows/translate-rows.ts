import { translateBody } from '../../dialects/translate-body.ts'
import type { DialectName, RequestOptions } from '../../dialects/translation.ts'
import { Untranslatable } from '../../dialects/untranslatable.ts'
import type { Warning } from '../../dialects/warnings.ts'
import type { TaskReply } from '../../kit/byte-pool.ts'

/** Translates request bodies that lie one behind the other; runs in a worker thread. */
export interface TranslateIn {
  readonly buffer: ArrayBuffer
  /** Bytes of each body. */
  readonly lengths: Uint32Array
  /** How many rows each becomes; absent: one. */
  readonly rows?: Uint32Array
  readonly from: DialectName
  readonly to: DialectName
  readonly options: RequestOptions & { readonly model: string }
  /** The body names the model. */
  readonly namesModel: boolean
}

export interface TranslateOut {
  readonly buffer: ArrayBuffer
  /** Bytes of each row. */
  readonly lengths: Uint32Array
  /** By the number of the body that was given. */
  readonly problems: readonly { readonly body: number; readonly message: string }[]
  /** One of each kind, with the number of bodies. */
  readonly warnings: readonly { readonly warning: Warning; readonly requests: number }[]
}

export function run(input: TranslateIn): TaskReply<TranslateOut> {
  const value = translateRows(input)
  return { value, transfer: [value.buffer] }
}

export function translateRows({ buffer, lengths, rows, from, to, options, namesModel }: TranslateIn): TranslateOut {
  const bytes = Buffer.from(buffer)
  const translated = new Uint32Array(rows?.reduce((sum, count) => sum + count, 0) ?? lengths.length)
  const problems: { body: number; message: string }[] = []
  const warnings = new Map<string, { warning: Warning; requests: number }>()
  let out = Buffer.allocUnsafeSlow(Math.ceil(bytes.length * 1.25) + 4096)
  let used = 0
  let at = 0
  let row = 0
  for (let body = 0; body < lengths.length; body++) {
    const end = at + (lengths[body] as number)
    const wanted = rows?.[body] ?? 1
    try {
      const { bodies, warnings: own } = translateBody(from, to, bytes.toString('utf8', at, end), options)
      if (bodies.length !== wanted) throw new Error(`A request of ${wanted} rows was worded as ${bodies.length}.`)
      for (const [index, one] of bodies.entries()) {
        const text = JSON.stringify(namesModel ? one : { ...one, model: undefined })
        const most = used + text.length * 3
        if (most > out.length)
          out = Buffer.concat([out.subarray(0, used), Buffer.allocUnsafe(most - used + out.length)])
        translated[row + index] = out.write(text, used)
        used += translated[row + index] as number
      }
      countOnce(warnings, own)
    } catch (error) {
      if (!(error instanceof Untranslatable)) throw error
      problems.push({ body, message: error.message })
    }
    at = end
    row += wanted
  }
  const exact = out.buffer.slice(out.byteOffset, out.byteOffset + used) as ArrayBuffer
  return { buffer: exact, lengths: translated, problems, warnings: [...warnings.values()] }
}

/** Each kind of change once a body, however many places it concerns. */
function countOnce(counts: Map<string, { warning: Warning; requests: number }>, own: readonly Warning[]): void {
  for (const name of new Set(own.map(kindOf))) {
    const count = counts.get(name)
    if (count !== undefined) count.requests++
    else counts.set(name, { warning: own.find((warning) => kindOf(warning) === name) as Warning, requests: 1 })
  }
}

/** The place without its numbers: `messages[3].content` and `messages[5].content` are one kind. */
export const kindOf = ({ code, path }: Warning): string => `${code} ${path.replace(/\[\d+\]/g, '[]')}`
