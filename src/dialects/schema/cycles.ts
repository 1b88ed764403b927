import { isRecord, type Json } from '../translation.ts'

/**
 * The path of a `$ref` through which a schema holds itself, or undefined.
 * @param optionalFree  holding itself below a member that may be absent does not count
 */
export function findCycle(root: Json, optionalFree: boolean): string | undefined {
  const seek = (value: unknown, path: string, above: readonly string[]): string | undefined => {
    if (Array.isArray(value)) return first(value.map((item, index) => () => seek(item, `${path}[${index}]`, above)))
    if (!isRecord(value)) return undefined
    const ref = value['$ref']
    if (typeof ref === 'string') {
      const target = resolve(root, ref)
      if (target === undefined) return undefined
      return above.includes(ref) ? join(path, '$ref') : seek(target, path, [...above, ref])
    }
    return first(
      Object.entries(value).map(([key, inner]) => () => {
        if (key === '$defs' || key === 'definitions') return undefined // met where they are referred to
        if (key === 'properties' && optionalFree) return seek(requiredOf(value, inner), join(path, key), above)
        return seek(inner, join(path, key), above)
      }),
    )
  }
  // A reference to the root itself is a cycle from the start.
  return seek(root, '', ['#'])
}

function requiredOf(schema: Json, properties: unknown): Json {
  const required = Array.isArray(schema['required']) ? schema['required'] : []
  return Object.fromEntries(Object.entries(properties as Json).filter(([name]) => required.includes(name)))
}

function resolve(root: Json, ref: string): unknown {
  if (!ref.startsWith('#')) return undefined
  let value: unknown = root
  for (const step of ref.slice(1).split('/').filter(Boolean))
    value = isRecord(value) ? value[step.replaceAll('~1', '/').replaceAll('~0', '~')] : undefined
  return value
}

function first(tries: readonly (() => string | undefined)[]): string | undefined {
  for (const attempt of tries) {
    const found = attempt()
    if (found !== undefined) return found
  }
  return undefined
}

const join = (path: string, key: string): string => (path === '' ? key : `${path}.${key}`)
