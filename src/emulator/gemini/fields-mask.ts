import { isJson, type Json } from '../json.ts'

/** A partial response: names to keep, each with what to keep below it; an empty map keeps all. */
interface Mask extends Map<string, Mask> {}

/**
 * What a `fields` parameter leaves of a value: `name,done,metadata(state,batchStats)` or `metadata/state`.
 * @returns undefined when the text is no such parameter
 */
export function masked(value: unknown, fields: string): unknown {
  const mask = parsed(fields)
  return mask && applied(value, mask)
}

function parsed(text: string): Mask | undefined {
  const root: Mask = new Map()
  const open: Mask[] = [root]
  let here: Mask = root
  for (const [token] of text.matchAll(/[^,()/\s]+|[,()/]/g)) {
    const top = open.at(-1) as Mask
    if (token === ',') here = top
    else if (token === '(') open.push(here)
    else if (token === ')') {
      open.pop()
      if (open.length === 0) return undefined
      here = open.at(-1) as Mask
    } else if (token !== '/') {
      const inner: Mask = here.get(token) ?? new Map()
      here.set(token, inner)
      here = inner
    }
  }
  return open.length === 1 && root.size > 0 ? root : undefined
}

function applied(value: unknown, mask: Mask): unknown {
  if (mask.size === 0 || mask.has('*')) return value
  if (Array.isArray(value)) return value.map((item) => applied(item, mask))
  if (!isJson(value)) return value
  const kept: Json = {}
  for (const [name, inner] of mask) if (name in value) kept[name] = applied(value[name], inner)
  return kept
}
