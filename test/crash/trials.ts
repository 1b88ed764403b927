import { readFile } from 'node:fs/promises'
import { setTimeout as pause } from 'node:timers/promises'
import type { Step } from '../../src/engine/index.ts'
import type { Verdict } from '../flights/judge.ts'
import { type Flight, type Ground, type GroundOptions, ground, shardsAt } from './ground.ts'

/** Requests that are in flight at most, on a lane that takes them one by one, when so small a job is killed. */
const IN_FLIGHT = 64

/** One trial's result, as the suite prints it. */
export interface Trial {
  readonly name: string
  readonly kills: number
  readonly launches: number
  readonly verdict: Verdict
  readonly faults: readonly string[]
}

/** Steps of a job as a whole; every other is passed once for each shard. */
const stepsOfJob: readonly Step[] = ['job-created', 'retry-planned', 'landing', 'delivering', 'delivered', 'landed']

/** Steps that only jobs pass which fly request by request, and those that a policy steers. */
export const stepsOfRuns: readonly Step[] = ['running']
export const stepsOfPolicy: readonly Step[] = ['steered']

/** The passes of a step at which a process is killed: the first, and, of a step that each shard makes, a later one. */
export const passesOf = (step: Step): readonly number[] => (stepsOfJob.includes(step) ? [1] : [1, 7])

/** Kills the process at the n-th pass of a named step, `times` launches in a row, then flies on until home. */
export async function killAtStep(step: Step, pass: number, options: GroundOptions = {}, times = 1): Promise<Trial> {
  await using place = await ground(options)
  let kills = 0
  for (; kills < times; kills++) {
    const { signal } = await place.launch({ REDEYE_CRASH_AT: `${step}:${pass}` }).end
    if (signal !== 'SIGKILL') break
  }
  const { receipt, launches } = await place.untilHome()
  const trouble = options.scenario === undefined ? '' : ` under ${String(options.scenario)}`
  return await trial(place, `kill at ${step}, pass ${pass}${times > 1 ? `, ${times} times` : ''}${trouble}`, receipt, {
    kills,
    launches: launches + Math.max(kills, 1),
    faults: kills < times ? [`the step ${step} was not passed ${pass} times in launch ${kills + 1}`] : [],
    options,
  })
}

/** Kills at random moments until `kills` of them have hit, some a job, over as many jobs as that takes. */
export async function* killAtRandom(
  kills: number,
  random: () => number,
  options: GroundOptions = {},
): AsyncGenerator<Trial> {
  for (let left = kills; left > 0; ) {
    await using place = await ground(options)
    const budget = Math.min(left, 4 + Math.floor(random() * 12))
    const hit = await place.untilHome((launch) => (launch < budget ? momentIn(random) : undefined))
    left -= hit.kills
    const trouble = options.scenario === undefined ? '' : ` under ${String(options.scenario)}`
    yield await trial(place, `${hit.kills} random kills${trouble}`, hit.receipt, { ...hit, options })
  }
}

/** ms after a start. A launch needs 300 to open the home and can bring the job home in 1,500; most moments are early. */
const momentIn = (random: () => number): number => Math.floor(300 + random() ** 2 * 1500)

/**
 * Freezes a process at a step for longer than its lease, while a second one takes over and brings the job home. Woken
 * up, the first must change nothing; frozen with the last byte of a purchase in its hand (`sending`), it must not buy.
 */
export async function freezeAt(step: Step, options: GroundOptions = {}): Promise<Trial> {
  await using place = await ground(options)
  const frozen = place.launch({ REDEYE_STOP_AT: `${step}:${Math.min(2, passesOf(step).length)}` })
  await untilStopped(frozen)
  const { receipt, launches } = await place.untilHome()
  frozen.process.kill('SIGCONT')
  const woken = await frozen.end
  const faults = woken.code === 0 ? [] : [`the woken process ended with ${woken.code ?? woken.signal}: ${woken.stderr}`]
  return await trial(place, `freeze at ${step}`, receipt, { kills: 0, launches: launches + 1, faults, options })
}

/** Twenty processes under one key at once, some of them killed, and started again. */
export async function twentyAtOnce(random: () => number, options: GroundOptions = {}): Promise<Trial> {
  await using place = await ground(options)
  const flights = Array.from({ length: 20 }, () => place.launch())
  let kills = 0
  for (const { process } of flights.slice(0, 8)) {
    await pause(random() * 400)
    if (process.kill('SIGKILL')) kills++
  }
  const ends = await Promise.all(flights.map(({ end }) => end))
  const faults = ends
    .filter(({ code, signal }) => code !== 0 && signal !== 'SIGKILL')
    .map(({ code, signal, stderr }) => `one of twenty ended with ${code ?? signal}: ${stderr}`)
  const { receipt, launches } = await place.untilHome()
  return await trial(place, 'twenty at once', receipt, { kills, launches: launches + 20, faults, options })
}

async function trial(
  place: Ground,
  name: string,
  receipt: Parameters<Ground['judge']>[0],
  {
    kills,
    launches,
    faults = [],
    options = {},
  }: { kills: number; launches: number; faults?: readonly string[]; options?: GroundOptions },
): Promise<Trial> {
  const verdict = await place.judge(receipt)
  const found = [...faults, ...verdict.faults]
  if (receipt.usd.unproven === '0' && verdict.nanoUsd.bill !== verdict.nanoUsd.proven + verdict.nanoUsd.duplicate) {
    found.push('nothing is unproven, and yet the bill is not what is proven')
  }
  const { purchases, ran, ranTwice } = verdict
  if (options.ladder !== undefined || options.hours !== undefined) {
    const inFlight = kills * IN_FLIGHT
    if (verdict.paidTwice > inFlight) found.push(`${verdict.paidTwice} requests were paid for twice by ${kills} kills`)
    // What was in flight on a lane without a mark may have been paid for twice: then it is counted as unproven.
    return { name, kills, launches, verdict, faults: found.filter((fault) => !/was paid for \d+ times/.test(fault)) }
  }
  if (purchases !== receipt.submissions)
    found.push(`${purchases} purchases at the vendor, ${receipt.submissions} in the receipt`)
  // Rows that fail fly again, in purchases of their own; without such rows each shard is bought exactly once.
  const rowsFail = String(options.scenario ?? '').includes('rows-')
  const shards = shardsAt(options.vendor)
  if (rowsFail ? ran <= shards : ran !== shards)
    found.push(`${ran} submissions ran, ${shards} shards were to be bought`)
  if (!rowsFail && ranTwice > 0) found.push(`${ranTwice} requests ran in two purchases`)
  const at = options.vendor === undefined || options.vendor === 'openai' ? '' : `${options.vendor}: `
  return { name: `${at}${name}`, kills, launches, verdict, faults: found }
}

async function untilStopped({ process: child }: Flight): Promise<void> {
  for (let tries = 0; tries < 3000; tries++) {
    const stat = await readFile(`/proc/${child.pid}/stat`, 'utf8').catch(() => '')
    if (stat.slice(stat.lastIndexOf(')') + 2).startsWith('T')) return
    if (child.exitCode !== null) break
    await pause(10)
  }
  throw new Error('The process did not stop where it should.')
}

/** mulberry32: small, seeded, good enough to choose moments. */
export function seeded(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}
