import type { Lane } from '../../domain/usage.ts'
import { learned, samplesFor } from '../../policy/history.ts'
import { type LandingPrior, priorOf } from '../../policy/landing.ts'
import type { Ports } from '../ports.ts'
import { pastOn } from './pace-for.ts'

/**
 * When submissions of so many requests end on a lane: the published prior, moved by what the account has seen there of
 * the model, the size and this hour of the week. Undefined on lanes that have no submissions.
 * @returns `seen`: on how many submissions of this home it rests
 */
export async function curveFor(
  ports: Pick<Ports, 'store' | 'clock'>,
  on: { readonly lane: Lane; readonly accountId: string; readonly model: string; readonly requests: number },
): Promise<{ readonly curve: LandingPrior; readonly seen: number } | undefined> {
  const prior = priorOf(on.lane, on.requests)
  if (prior === undefined) return undefined
  const samples = samplesFor(await pastOn(ports, on), { ...on, now: ports.clock.now() })
  return { curve: learned(prior, samples), seen: samples.length }
}
