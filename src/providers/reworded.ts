import { parseExact } from '../dialects/exact-json.ts'
import { lineBlocks } from '../kit/line-blocks.ts'

/**
 * Lines of JSON, each as `word` words it; numbers survive.
 * @param word  its second argument counts lines from 0; what is no JSON is passed on as it is, for the reader to refuse
 */
export async function* reworded(
  body: AsyncIterable<Uint8Array>,
  word: (row: unknown, number: number) => unknown,
): AsyncGenerator<Uint8Array> {
  let number = 0
  for await (const { buffer, length } of lineBlocks(body)) {
    const lines = Buffer.from(buffer, 0, length).toString().split('\n')
    const worded = lines.map((line) => (line.trim() === '' ? '' : rewordedLine(line, (row) => word(row, number++))))
    yield Buffer.from(worded.join('\n'))
  }
}

function rewordedLine(line: string, word: (row: unknown) => unknown): string {
  let row: unknown
  try {
    row = parseExact(line).value
  } catch {
    return line
  }
  return JSON.stringify(word(row)) ?? line
}
