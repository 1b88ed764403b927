import { isRecord, type Json } from '../translation.ts'

/**
 * The path of a `$ref` through which a schema holds itself, or undefined.
 * @param optionalFree  holding itself below a member that may be absent does not count
 */
export function findCycle(root: Json, optionalFree: boolean): string | undefined {
  const done = new Set<string>() // references that lead into no cycle
  const above = ['#']

  const schema = (value: unknown, path: string): string | undefined => {
    if (!isRecord(value)) return undefined
    const ref = value['$ref']
    if (typeof ref === 'string') return reference(ref, path)
    for (const key in value) {
      const found = keyword(value, key, path === '' ? key : `${path}.${key}`)
      if (found !== undefined) return found
    }
    return undefined
  }

  const reference = (ref: string, path: string): string | undefined => {
    if (above.includes(ref)) return path === '' ? '$ref' : `${path}.$ref`
    if (done.has(ref)) return undefined
    above.push(ref)
    const found = schema(resolve(root, ref), path)
    above.pop()
    if (found === undefined) done.add(ref)
    return found
  }

  const keyword = (parent: Json, key: string, path: string): string | undefined => {
    const value = parent[key]
    if (Array.isArray(value) && lists.has(key)) return each(value.entries(), (index) => `${path}[${index}]`)
    if (key === 'items' || key === 'additionalProperties') return schema(value, path)
    if (key !== 'properties' || !isRecord(value)) return undefined // definitions are met where they are referred to
    const required = Array.isArray(parent['required']) ? parent['required'] : []
    const members = Object.entries(value).filter(([name]) => !optionalFree || required.includes(name))
    return each(members, (name) => `${path}.${name}`)
  }

  const each = <K>(members: Iterable<readonly [K, unknown]>, pathOf: (key: K) => string): string | undefined => {
    for (const [key, value] of members) {
      const found = schema(value, pathOf(key))
      if (found !== undefined) return found
    }
    return undefined
  }

  return schema(root, '')
}

const lists: ReadonlySet<string> = new Set(['anyOf', 'allOf', 'oneOf', 'prefixItems', 'items'])

function resolve(root: Json, ref: string): unknown {
  if (!ref.startsWith('#')) return undefined
  let value: unknown = root
  for (const step of ref.slice(1).split('/').filter(Boolean))
    value = isRecord(value) ? value[step.replaceAll('~1', '/').replaceAll('~0', '~')] : undefined
  return value
}
