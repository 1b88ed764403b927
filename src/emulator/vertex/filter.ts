import { invalidArgument, Refusal } from '../gemini/errors.ts'
import { camelOf } from '../gemini/proto-json.ts'
import { isJson, type Json } from '../json.ts'

const comparison = /^\s*([a-z_]+(?:\.[A-Za-z0-9_-]+)?)\s*(!=|<=|>=|=|<|>|:)\s*(?:"((?:[^"\\]|\\.)*)"|([^\s"]+))\s*$/
const fields = new Set(['display_name', 'state', 'create_time', 'model_display_name', 'labels'])

type Test = (job: Json) => boolean

/**
 * A list filter: comparisons joined by AND. `display_name="x"`, `display_name:"x*"`, `state=JOB_STATE_RUNNING`,
 * `create_time>"2026-11-23T00:00:00Z"`, `labels.key=value`, `labels.key:*`.
 * @throws Refusal for anything else
 */
export function filterOf(text: string): Test {
  if (text.trim() === '') return () => true
  const tests = text.split(/\s+AND\s+/).map(comparisonOf)
  return (job) => tests.every((test) => test(job))
}

function comparisonOf(text: string): Test {
  const found = comparison.exec(text)
  const [, path = '', operator = '', quoted, bare = ''] = found ?? []
  const [name = '', label] = path.split('.')
  if (!found || !fields.has(name) || (name === 'labels') !== (label !== undefined)) {
    throw new Refusal(invalidArgument(`Invalid filter: ${text.trim()}`))
  }
  const wanted = quoted === undefined ? bare : quoted.replace(/\\(.)/g, '$1')
  return (job) => {
    const labels = job['labels']
    const value = label === undefined ? job[camelOf(name)] : isJson(labels) ? labels[label] : undefined
    if (typeof value !== 'string') return operator === '!='
    return compares(
      name === 'create_time' ? Date.parse(value) : value,
      operator,
      name === 'create_time' ? Date.parse(wanted) : wanted,
    )
  }
}

function compares(value: string | number, operator: string, wanted: string | number): boolean {
  if (operator === '=') return value === wanted
  if (operator === '!=') return value !== wanted
  if (operator === '<') return value < wanted
  if (operator === '<=') return value <= wanted
  if (operator === '>') return value > wanted
  if (operator === '>=') return value >= wanted
  // `:` is "has": the text somewhere within, or a pattern with stars.
  const pattern = String(wanted)
    .split('*')
    .map((part) => part.replace(/[\\^$.|?+()[\]{}]/g, '\\$&'))
    .join('.*')
  return new RegExp(String(wanted).includes('*') ? `^${pattern}$` : pattern).test(String(value))
}
