import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { translateRequest, translateResponse } from './translate.ts'
import type { ChatDialect, Json } from './translation.ts'
import { Untranslatable } from './untranslatable.ts'

interface Golden {
  readonly from: ChatDialect
  readonly body: Json
}
const golden = (folder: string): Golden[] =>
  readdirSync(join(import.meta.dirname, '__fixtures__', folder)).map((file) => {
    const { from, body } = JSON.parse(
      readFileSync(join(import.meta.dirname, '__fixtures__', folder, file), 'utf8'),
    ) as Golden
    return { from, body }
  })
const dialects: ChatDialect[] = ['openai-chat', 'openai-responses', 'anthropic', 'gemini']

/** What may stand where something else is expected. */
const oddities = fc.oneof(
  fc.constantFrom(null, true, 0, -1, '', 'constructor', '__proto__', [], {}, [null], [[]], { type: 'constructor' }),
  fc.jsonValue({ maxDepth: 2 }),
)

/** The body with one thing in it replaced. */
function mangle(body: Json, path: readonly number[], odd: unknown): Json {
  const copy = JSON.parse(JSON.stringify(body)) as Json
  let place: Json = copy
  for (const step of path) {
    const keys = Object.keys(place)
    const key = keys[step % Math.max(1, keys.length)]
    if (key === undefined) break
    const inner = place[key]
    if (typeof inner !== 'object' || inner === null || step % 5 === 0) {
      place[key] = odd
      break
    }
    place = inner as Json
  }
  return copy
}
const steps = fc.array(fc.nat(99), { minLength: 1, maxLength: 8 })

describe('a body with something odd in it', () => {
  test('is translated or refused as a request, and never crashes', () => {
    fc.assert(
      fc.property(fc.constantFrom(...golden('requests')), steps, oddities, ({ from, body }, path, odd) => {
        const text = JSON.stringify(mangle(body, path, odd))
        for (const to of dialects) {
          try {
            translateRequest(from, to, text, { model: 'm' })
          } catch (error) {
            expect(error, text).toBeInstanceOf(Untranslatable)
          }
        }
      }),
      { numRuns: 1_500 },
    )
  })

  test('is an answer or a failure as a response, and never crashes', () => {
    const options = { id: 'i', created: 1, model: 'm' }
    fc.assert(
      fc.property(fc.constantFrom(...golden('answers')), steps, oddities, ({ from, body }, path, odd) => {
        const text = JSON.stringify(mangle(body, path, odd))
        for (const to of dialects) {
          const { status, body: answer } = translateResponse(from, to, text, options)
          expect([200, 500]).toContain(status)
          JSON.stringify(answer)
        }
      }),
      { numRuns: 1_500 },
    )
  })
})
