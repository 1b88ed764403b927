import { UsageError } from '../../domain/errors.ts'
import type { EngineMeasured } from '../../index.ts'
import { exit } from '../exit-codes.ts'
import { onInterrupt } from '../interrupts.ts'
import { out, say } from '../terminal.ts'
import { measuredText, stepText } from '../text/engine.ts'
import type { Flags } from '../with-home.ts'

export interface EngineFlags extends Flags {
  readonly engine: string
  readonly model?: string
  readonly usdPerHour?: number
  readonly compare?: readonly string[]
  readonly blind?: boolean
}

/** Measures an engine; the first Ctrl-C ends it, and what was measured by then is printed. */
export async function doctorEngine({ home, json, ...flags }: EngineFlags): Promise<number> {
  if (flags.usdPerHour === 0) throw new UsageError('--usd-per-hour 0 is no price.', 'Leave it out.')
  const { measureEngine } = await import('../../index.ts')
  const interrupted = new AbortController()
  const heard = onInterrupt(() => interrupted.abort())
  try {
    say(`Measuring ${flags.engine}: about a minute, less when somebody waits there. Ctrl-C ends it.`)
    const measuring = measureEngine({ ...flags, signal: interrupted.signal, ...(home === undefined ? {} : { home }) })
    let next = await measuring.next()
    for (; next.done !== true; next = await measuring.next()) say(stepText(next.value))
    const measured: EngineMeasured = next.value
    out(json === true ? JSON.stringify(measured) : measuredText(measured))
    if (interrupted.signal.aborted) return exit.detached
    return measured.best === null ? exit.unavailable : exit.done
  } finally {
    heard()
  }
}
