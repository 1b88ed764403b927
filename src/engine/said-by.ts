import { BadInput, type LineProblem } from '../domain/errors.ts'
import type { Manifest } from '../intake/manifest.ts'
import type { Region } from '../providers/contract.ts'
import type { Ports } from './ports.ts'
import { everyRequest, recordsOf, Segments } from './rows.ts'

const PROBLEMS_SHOWN = 100

/**
 * Whether all requests of a group say themselves what a region would have them say. Where none does, it is put into
 * each; one body must not say it twice.
 * @throws BadInput with the lines that say otherwise, or that say it where others do not
 */
export async function saidBy(
  ports: Ports,
  manifest: Manifest,
  group: number,
  { name, value }: NonNullable<Region['member']>,
): Promise<boolean> {
  const agreeing: number[] = []
  const problems: LineProblem[] = []
  let [agree, others] = [0, 0]
  const file = manifest.files[0] ?? ''
  for await (const { line, said } of membersOf(ports, manifest, group, name)) {
    if (said === value) {
      agree++
      if (agreeing.length < PROBLEMS_SHOWN) agreeing.push(line)
    } else {
      others++
      const message = `${name} is ${JSON.stringify(said)}, and the region wants ${JSON.stringify(value)}`
      if (problems.length < PROBLEMS_SHOWN) problems.push({ file, line, message })
    }
  }
  const requests = manifest.groups[group]?.requests ?? 0
  const hint = `Nothing was sent. Leave ${name} out of the requests, or leave out --region.`
  if (others > 0) throw new BadInput(problems, others, hint)
  if (agree === 0 || agree === requests) return agree > 0
  const message = `${name} is in this request and not in others; say it in all of them, or in none`
  throw new BadInput(
    agreeing.map((line) => ({ file, line, message })),
    agree,
    hint,
  )
}

/** The requests that have such a member, and what it says. */
async function* membersOf(
  ports: Ports,
  manifest: Manifest,
  group: number,
  name: string,
): AsyncGenerator<{ line: number; said: unknown }> {
  const quoted = Buffer.from(JSON.stringify(name))
  const segments = new Segments(ports.blobs, manifest)
  try {
    for await (const records of recordsOf(ports.blobs, manifest, everyRequest(manifest))) {
      for (const [at, record] of records.entries()) {
        if (record.group !== group) continue
        if (!segments.holds(record)) await segments.load(records, at)
        const body = Buffer.allocUnsafe(record.bodyLength)
        segments.copy(record, 0, record.bodyLength, body, 0)
        if (!body.includes(quoted)) continue // most bodies need no more than this look
        const parsed = JSON.parse(body.toString('utf8')) as Record<string, unknown>
        if (Object.hasOwn(parsed, name)) yield { line: record.line, said: parsed[name] }
      }
    }
  } finally {
    await segments.close()
  }
}
