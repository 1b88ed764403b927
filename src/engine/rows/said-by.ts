import { BadInput, type LineProblem } from '../../domain/errors.ts'
import { fileAt, type Manifest } from '../../intake/manifest.ts'
import type { Region } from '../../providers/contract.ts'
import type { Ports } from '../ports.ts'
import { everyRequest, recordsOf, Segments } from './rows.ts'
import type { Unfit } from './unfit.ts'

const PROBLEMS_SHOWN = 100

/**
 * Whether all requests of a group say themselves what a region would have them say. Where none does, it is put into
 * each; one body must not say it twice.
 * @param unfit  takes those that say otherwise
 * @throws BadInput with these, unless they are set aside; and with those that say it where others do not
 */
export async function saidBy(
  ports: Ports,
  manifest: Manifest,
  group: number,
  { name, value }: NonNullable<Region['member']>,
  unfit: Unfit,
): Promise<boolean> {
  const agreeing: LineProblem[] = []
  let [agree, others] = [0, 0]
  for await (const { ordinal, line, said } of membersOf(ports, manifest, group, name)) {
    if (said === value) {
      agree++
      const message = `${name} is in this request and not in others; say it in all of them, or in none`
      if (agreeing.length < PROBLEMS_SHOWN) agreeing.push({ file: fileAt(manifest, ordinal), line, message })
    } else {
      others++
      const message = `${name} is ${JSON.stringify(said)}, and the region wants ${JSON.stringify(value)}`
      await unfit.add(ordinal, line, message)
    }
  }
  const hint = `Nothing was sent. Leave ${name} out of the requests, or leave out --region.`
  unfit.refuse(hint)
  const requests = (manifest.groups[group]?.requests ?? 0) - others
  if (agree === 0 || agree === requests) return agree > 0
  throw new BadInput(agreeing, agree, hint)
}

/** The requests that have such a member, and what it says. */
async function* membersOf(
  ports: Ports,
  manifest: Manifest,
  group: number,
  name: string,
): AsyncGenerator<{ ordinal: number; line: number; said: unknown }> {
  const quoted = Buffer.from(JSON.stringify(name))
  const segments = new Segments(ports.blobs, manifest)
  try {
    let first = 0
    for await (const records of recordsOf(ports.blobs, manifest, everyRequest(manifest))) {
      for (const [at, record] of records.entries()) {
        if (record.group !== group) continue
        if (!segments.holds(record)) await segments.load(records, at)
        const body = Buffer.allocUnsafe(record.bodyLength)
        segments.copy(record, 0, record.bodyLength, body, 0)
        if (!body.includes(quoted)) continue // most bodies need no more than this look
        const parsed = JSON.parse(body.toString('utf8')) as Record<string, unknown>
        if (Object.hasOwn(parsed, name)) yield { ordinal: first + at, line: record.line, said: parsed[name] }
      }
      first += records.length
    }
  } finally {
    await segments.close()
  }
}
