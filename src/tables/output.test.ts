import { expect, test } from 'vitest'
import { outputColumns } from './output.ts'

test('the columns of the input come first, then the answer and how it went, then what it cost', () => {
  expect(outputColumns(['id', 'text'], ['label'])).toEqual(['id', 'text', 'label', '_outcome', '_error'])
  expect(outputColumns(['id'], ['answer'], { withCost: true })).toEqual([
    'id',
    'answer',
    '_outcome',
    '_error',
    '_model',
    '_lane',
    '_usd',
  ])
})

test('a column of the input that is called like the answer is an error that says how to name it otherwise', () => {
  expect(clashing).toThrow(/^"answer" would be in the output twice/)
  expect(hintOf(clashing)).toMatch(/--answer-column/)
})

test('all clashes are named at once, also those of a schema with the columns that are added', () => {
  expect(clashingMore).toThrow(/^"name", "_error", "_usd" would be/)
  expect(hintOf(clashingMore)).toMatch(/Rename/)
  expect(outputColumns(['_usd'], ['name'])).toContain('_usd')
})

function hintOf(act: () => unknown): string {
  try {
    act()
  } catch (error) {
    return (error as { hint: string }).hint
  }
  return ''
}

const clashing = () => outputColumns(['question', 'answer'], ['answer'])
const clashingMore = () => outputColumns(['_usd', 'name'], ['name', 'age', '_error'], { withCost: true })
