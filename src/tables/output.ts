import { UsageError } from '../domain/errors.ts'

/**
 * All columns of the output: those of the input, then the answer's, `_outcome` and `_error`, and with cost `_model`,
 * `_lane` and `_usd`. Ask it before anything is sent with the columns of the first row, and again with those of all
 * rows once they are read: JSONL may bring a column late.
 * @throws UsageError naming the columns that would be there twice
 */
export function outputColumns(
  input: readonly string[],
  answer: readonly string[],
  options: { readonly withCost?: boolean } = {},
): string[] {
  const added = [...answer, '_outcome', '_error', ...(options.withCost === true ? ['_model', '_lane', '_usd'] : [])]
  const twice = added.filter((name, at) => input.includes(name) || added.indexOf(name) !== at)
  if (twice.length === 0) return [...input, ...added]
  const names = [...new Set(twice)].map((name) => JSON.stringify(name))
  throw new UsageError(
    `${names.join(', ')} would be in the output twice: the input or the schema has ${names.length === 1 ? 'a column' : 'columns'} of that name, and so has what is added.`,
    answer.length === 1 && twice.includes(answer[0] as string)
      ? 'Name the answer otherwise: --answer-column NAME.'
      : 'Rename the field in the schema, or the column in the input.',
  )
}
