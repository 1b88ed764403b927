import { UsageError } from '../domain/errors.ts'
import { parseUsd, usd } from '../domain/money.ts'
import type { Receipt } from '../domain/receipt.ts'
import { createPilot, forget, type JobOptions, type Ports, type TakenIn } from '../engine/index.ts'
import { Job } from './job.ts'
import type { JobSettings } from './options.ts'

type PilotSettings = Pick<JobSettings, 'pilot' | 'confirmPilot' | 'tags'> & { readonly signal?: AbortSignal }

/** Flies the pilot that is asked for, where it has not been flown; returns its receipt. */
export async function flyPilot(
  ports: Ports,
  taken: TakenIn,
  options: JobOptions,
  { pilot, confirmPilot, tags = {}, signal }: PilotSettings,
): Promise<Receipt | undefined> {
  if (pilot === undefined) return undefined
  if (!(Number.isInteger(pilot) && pilot > 0))
    throw new UsageError(`A pilot cannot be of ${pilot} requests.`, 'Give a whole number from 1 on.')
  const flown = await createPilot(ports, taken, options, { requests: pilot, tags, confirm: confirmPilot })
  if (flown === undefined) return undefined
  const job = new Job(ports, flown.id)
  await job.wait(signal === undefined ? {} : { signal })
  return job.receipt()
}

/** The options of the job itself, whose budget the pilot has used some of. Without a pilot, what was taken in is let go of. */
export async function afterPilot(
  ports: Ports,
  taken: TakenIn,
  options: JobOptions,
  settings: PilotSettings,
): Promise<JobOptions> {
  try {
    const receipt = await flyPilot(ports, taken, options, settings)
    if (receipt === undefined || options.budget === null) return options
    const { charged, unproven, duplicate } = receipt.usd
    const spent = [charged ?? '0', unproven, duplicate].reduce((sum, amount) => sum + parseUsd(amount), 0n)
    const left = parseUsd(options.budget) - spent
    return { ...options, budget: usd(left > 0n ? left : 0n) }
  } catch (error) {
    await forget(ports, taken)
    throw error
  }
}
