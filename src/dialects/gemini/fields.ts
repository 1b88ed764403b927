/** Field names come in camelCase, as the SDK writes them, or in snake_case, as the REST samples do. */
export const fieldOf = (key: string): string =>
  key.includes('_') ? key.replace(/_([a-z0-9])/g, (_match, letter: string) => letter.toUpperCase()) : key

/** A number, which proto3 JSON lets be a string. */
export const numberOf = (value: unknown): number =>
  typeof value === 'string' && /^-?\d+(\.\d+)?$/.test(value) ? Number(value) : (value as number)

/** The fields of an object by their proper names. */
export function fieldsOf(record: Record<string, unknown>): Record<string, unknown> {
  let snake = false
  for (const key in record) if (key.includes('_')) snake = true
  if (!snake) return record
  return Object.fromEntries(Object.entries(record).map(([key, value]) => [fieldOf(key), value]))
}
