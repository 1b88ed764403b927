import { emptyRecord, type Manifest, RECORD_BYTES, readRecord } from '../../intake/manifest.ts'
import { moduleBeside } from '../../kit/byte-pool.ts'
import type { Ports } from '../ports.ts'
import type { RoutedManifest } from '../rows/routing.ts'
import type { Counted, CountIn, Sampled } from './count-tokens.ts'

const SAMPLES = 256
/** Of all samples: with images and documents they are megabytes each, and are held while they are counted. */
const SAMPLE_BYTES_MAX = 32 << 20

/** What was counted of a group, and of which requests: `counted.samples` in the order of `ordinals`. */
export interface CountedGroup {
  readonly ordinals: readonly number[]
  readonly counted: Counted
}

const countTokens = moduleBeside(import.meta.url, './count-tokens')

/**
 * Tokens of random requests, by group.
 * @param first  requests that are counted before others are drawn
 */
export async function countSample(
  ports: Ports,
  manifest: RoutedManifest,
  first: readonly number[],
): Promise<Map<number, CountedGroup>> {
  const drawn = await sampleBodies(ports, manifest, first)
  const numbers = [...drawn.keys()]
  const groups = numbers.map((number) => ({
    model: manifest.routes[number]?.model ?? '',
    endpoint: manifest.groups[number]?.endpoint ?? '',
    samples: drawn.get(number)?.samples ?? [],
  }))
  const counted = await ports.pool.runAlone<CountIn, Counted[]>(countTokens, { groups })
  return new Map(
    counted.map((one, at) => {
      const number = numbers[at] as number
      return [number, { ordinals: drawn.get(number)?.ordinals ?? [], counted: one }]
    }),
  )
}

interface Drawn {
  readonly ordinals: number[]
  readonly samples: Sampled[]
}

/** Bodies of random requests, by group. */
async function sampleBodies(ports: Ports, manifest: Manifest, first: readonly number[]): Promise<Map<number, Drawn>> {
  const chosen = new Set(first)
  const wanted = Math.min(SAMPLES + first.length, manifest.requests)
  while (chosen.size < wanted) chosen.add(Math.floor(Math.random() * manifest.requests))
  const drawn = new Map<number, Drawn>()
  const index = await ports.blobs.openLocal(manifest.index)
  const segments = await Promise.all(manifest.segments.map((name) => ports.blobs.openLocal(name)))
  const bytes = new Uint8Array(RECORD_BYTES)
  const record = emptyRecord()
  let left = SAMPLE_BYTES_MAX
  try {
    for (const ordinal of chosen) {
      await index.read(bytes, ordinal * RECORD_BYTES)
      readRecord(new DataView(bytes.buffer), 0, record)
      if (record.bodyLength > SAMPLE_BYTES_MAX) continue
      if (record.bodyLength > left) break
      left -= record.bodyLength
      const body = new Uint8Array(record.bodyLength)
      await segments[record.segment]?.read(body, record.bodyOffset)
      const of = drawn.get(record.group) ?? { ordinals: [], samples: [] }
      of.ordinals.push(ordinal)
      of.samples.push({ body, estimate: record.tokens, maxTokens: record.outputMax > 0 ? record.outputMax : undefined })
      drawn.set(record.group, of)
    }
  } finally {
    for (const blob of [index, ...segments]) await blob.close()
  }
  return drawn
}
