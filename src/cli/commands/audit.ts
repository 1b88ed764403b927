import { resolve } from 'node:path'
import { UsageError } from '../../domain/errors.ts'
import { type AuditReport, auditLive, audit as auditOf, auditPage, openPrices } from '../../index.ts'
import { isZone } from '../../kit/wall-time.ts'
import { writeFileWhole } from '../../kit/write-file-whole.ts'
import { exit } from '../exit-codes.ts'
import { sinceOf, writable } from '../settings.ts'
import { clear, onTerminal, out, say, show } from '../terminal.ts'
import { auditText } from '../text/audit.ts'
import { count } from '../text/figures.ts'

interface AuditFlags {
  readonly live?: string
  readonly since?: string
  readonly columns?: string
  readonly tz?: string
  readonly sharedPrefix?: number
  readonly output?: string
  readonly home?: string
  readonly json?: boolean
}

export async function audit(files: readonly string[], flags: AuditFlags): Promise<number> {
  const output = flags.output === undefined ? undefined : writable(flags.output)
  const report = await reportFor(files, flags)
  clear()
  if (output !== undefined) {
    await writeFileWhole(output, (write) => write(Buffer.from(auditPage(report))))
    say(`The report is in ${flags.output}.`)
  }
  out(flags.json === true ? JSON.stringify(report) : auditText(report))
  return exit.done
}

async function reportFor(files: readonly string[], flags: AuditFlags): Promise<AuditReport> {
  const { live, since, columns, tz, sharedPrefix } = flags
  if (sharedPrefix !== undefined && sharedPrefix > 1)
    throw new UsageError(`--shared-prefix ${sharedPrefix} is not within 0 and 1.`)
  if (tz !== undefined && !isZone(tz)) throw new UsageError(`--tz ${tz} is no time zone.`, 'Name one as Europe/Berlin.')
  const settings = {
    prices: await openPrices(flags.home),
    ...(tz === undefined ? {} : { zone: tz }),
    ...(sharedPrefix === undefined ? {} : { sharedPrefix }),
    ...(onTerminal() ? { onProgress: (lines: number) => show(`Reading: ${count(lines)} lines`) } : {}),
  }
  if (live !== undefined) {
    if (files.length > 0) throw new UsageError('A log and --live are two audits.', 'Leave out one of them.')
    const vendors = live.split(',').map((name) => name.trim())
    return auditLive(vendors, { ...settings, since: sinceOf(since ?? '30d', Date.now()) })
  }
  if (files.length === 0)
    throw new UsageError('There is nothing to audit.', 'Name a log, or vendors by --live openai,anthropic.')
  return auditOf(
    files.map((file) => (file === '-' ? file : resolve(file))),
    {
      ...settings,
      ...(columns === undefined ? {} : { columns }),
      ...(since === undefined ? {} : { since: sinceOf(since, Date.now()) }),
    },
  )
}
