import { mkdir, readFile } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import { UsageError, VendorUnavailable } from '../domain/errors.ts'
import { MINUTE } from '../kit/clock.ts'
import { writeFileWhole } from '../kit/write-file-whole.ts'
import { readPriceMap } from '../pricing/price-map.ts'
import { type Differences, differencesOf, refreshment, withRows } from '../pricing/refresh.ts'
import { bookOf, readPriceFiles } from './read-prices.ts'

export type { PriceDifference } from '../pricing/refresh.ts'

/** What a map of prices would change, before it does. */
export interface PriceRefresh extends Differences {
  readonly source: string
  readonly shape: 'LiteLLM' | 'models.dev'
  /** Models whose prices are as they were known: they count as read today. */
  readonly confirmed: number
  /** What has no price then, each a sentence with its source: it cannot be right and is left out, or follows from none. */
  readonly refused: readonly string[]
  /** The file that `save` writes. */
  readonly path: string
  /** From now on it is used. */
  save(): Promise<void>
}

export interface RefreshOf {
  readonly home: string
  /** The working folder. */
  readonly folder: string
  /** Epoch ms. */
  readonly now: number
  /** Whose models are of use here. */
  readonly providers: ReadonlySet<string>
}

/**
 * Reads a map of prices and compares it with those in use. Nothing is written before `save`.
 * @param from  an address or a file, in the shape of LiteLLM or models.dev
 * @throws UsageError where it cannot be read or has another shape · VendorUnavailable where the address does not answer
 */
export async function refreshPrices(from: string, { home, folder, now, providers }: RefreshOf): Promise<PriceRefresh> {
  const remote = /^https?:/.test(from)
  const source = remote ? from : resolve(folder, from)
  const { shape, rows: map } = readPriceMap(
    jsonOf(await (remote ? fetched(from) : read(source)), source),
    source,
    providers,
  )
  const { refreshed, own } = await readPriceFiles(home, folder)
  const asOf = new Date(now).toISOString().slice(0, 10)
  const { rows, refused, confirmed } = refreshment(await bookOf([refreshed]), map, { source, asOf })
  const next = { path: refreshed.path, rows: withRows(refreshed.rows, rows) }
  const differences = differencesOf(await bookOf([refreshed, ...own]), await bookOf([next, ...own]))
  const text = `${JSON.stringify({ schemaVersion: 1, models: next.rows }, null, 2)}\n`
  return {
    source,
    shape,
    ...differences,
    confirmed,
    refused,
    path: next.path,
    save: async () => {
      await mkdir(dirname(next.path), { recursive: true })
      await writeFileWhole(next.path, (write) => write(Buffer.from(text)))
    },
  }
}

/** Maps are a few megabytes. */
const BYTES_MAX = 64_000_000

async function fetched(address: string): Promise<string> {
  const answer = await fetch(address, { signal: AbortSignal.timeout(2 * MINUTE) }).catch((error: Error) => {
    throw new VendorUnavailable(
      `${address} does not answer: ${(error.cause as Error | undefined)?.message ?? error.message}`,
      {
        hint: 'Fetch it by other means and name the file.',
        cause: error,
      },
    )
  })
  if (!answer.ok || answer.body === null)
    throw new VendorUnavailable(`${address} answers ${answer.status}.`, { hint: 'Nothing was changed.' })
  const parts: Uint8Array[] = []
  let bytes = 0
  for await (const part of answer.body) {
    bytes += part.length
    if (bytes > BYTES_MAX)
      throw new UsageError(`${address} is larger than ${BYTES_MAX} bytes.`, 'It is no map of prices.')
    parts.push(part)
  }
  return Buffer.concat(parts).toString('utf8')
}

const read = (path: string): Promise<string> =>
  readFile(path, 'utf8').catch((error: Error) => {
    throw new UsageError(`${path} cannot be read: ${error.message}`, 'Name a file or an https address.')
  })

function jsonOf(text: string, source: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    throw new UsageError(`${source}: ${(error as Error).message}`, 'It should be JSON.')
  }
}
