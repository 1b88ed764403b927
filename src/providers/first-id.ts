import type { ScannedRow } from '../domain/scanned-row.ts'
import type { ResultStream, RowScanner } from './contract.ts'

/** The first id in the results of a submission, read no further than that; null where no row has one. */
export async function firstIdIn({ body }: ResultStream, scanRow: RowScanner): Promise<string | null> {
  const row = {} as ScannedRow
  let rest: Uint8Array = new Uint8Array(0)
  for await (const chunk of body) {
    const bytes = Buffer.concat([rest, chunk])
    let start = 0
    for (let end = bytes.indexOf(10); end >= 0; end = bytes.indexOf(10, start)) {
      if (scanRow(bytes, start, end, row) && row.idStart >= 0) return bytes.toString('utf8', row.idStart, row.idEnd)
      start = end + 1
    }
    rest = bytes.subarray(start)
  }
  return scanRow(rest, 0, rest.length, row) && row.idStart >= 0
    ? Buffer.from(rest).toString('utf8', row.idStart, row.idEnd)
    : null
}
