import { UsageError } from '../../domain/errors.ts'
import type { Checkup, RemoteCheck, RemoteLeftover } from '../../index.ts'
import { exit } from '../exit-codes.ts'
import { out } from '../terminal.ts'
import { columns } from '../text/columns.ts'
import { bytes, count, duration, some } from '../text/figures.ts'
import { latencyText } from '../text/latency.ts'
import { limitsText } from '../text/prices.ts'
import { withHome } from '../with-home.ts'
import { doctorEngine, type EngineFlags } from './doctor-engine.ts'

interface DoctorFlags extends Partial<EngineFlags> {
  readonly latency?: boolean
  readonly remote?: boolean
  readonly remove?: boolean
}

export async function doctor(flags: DoctorFlags): Promise<number> {
  if (flags.remove === true && flags.remote !== true)
    throw new UsageError('--remove deletes what --remote lists.', 'See it first: redeye doctor --remote.')
  const { engine } = flags
  if (engine !== undefined) return doctorEngine({ ...flags, engine })
  const alone = (['usdPerHour', 'model', 'compare', 'blind'] as const).find((name) => flags[name] !== undefined)
  if (alone !== undefined) throw new UsageError('What is to be measured is not said.', 'Name it by --engine URL.')
  return withHome(flags, async (redeye) => {
    if (flags.latency === true) {
      const lanes = await redeye.latency()
      out(flags.json === true ? JSON.stringify({ lanes }) : latencyText(lanes))
      return exit.done
    }
    if (flags.remote === true) {
      const found = await redeye.remoteLeftovers({ remove: flags.remove === true })
      out(flags.json === true ? JSON.stringify(found) : remoteText(found))
      return found.notes.every(({ ok }) => ok) ? exit.done : exit.unavailable
    }
    const found = await redeye.doctor()
    out(flags.json === true ? JSON.stringify(found) : checkupText(found))
    return found.accounts.every(({ ok }) => ok) ? exit.done : exit.unavailable
  })
}

function checkupText({ home, bytes: size, storeVersion, node, accounts, missing, leftovers }: Checkup): string {
  const named = new Set(accounts.map(({ vendor }) => vendor))
  const rows = [
    ['ok', 'home', `${home}, ${bytes(size)}`],
    ['ok', 'store', `version ${storeVersion}`],
    ['ok', 'node', node],
    ...accounts.flatMap((account) => accountRows(account)),
    ...missing
      .filter(({ vendor }) => !named.has(vendor))
      .map(({ vendor, wants }) => ['–', 'account', `${vendor}: not configured; it wants ${wants.join(' and ')}`]),
    ...leftovers.unattended.map((id) => [
      'note',
      'unattended',
      `${id} flies, and nobody attends it: redeye watch ${id}`,
    ]),
  ]
  if (leftovers.blobs > 0)
    rows.push([
      'note',
      'leftovers',
      `${some(leftovers.blobs, 'file')}, ${bytes(leftovers.bytes)}, of intakes that were broken off`,
    ])
  return columns(null, rows).join('\n')
}

function accountRows({ ok, name, vendor, baseUrl, detail, limits, learned }: Checkup['accounts'][number]): string[][] {
  const called = name === vendor ? vendor : `${name} (${vendor})`
  return [
    [ok ? 'ok' : 'FAILS', 'account', `${called} at ${baseUrl}: ${detail}`],
    ...(limits === null || !ok ? [] : [['', '', limitsText(limits)]]),
    ...learned.map(({ model, unit, max, learnedAt }) => [
      '',
      '',
      `${model}: ${count(max)} ${unit} waiting, learned from a refusal on ${learnedAt.slice(0, 10)}`,
    ]),
  ]
}

function remoteText({ leftovers, notes }: RemoteCheck): string {
  const rows = leftovers.map((left) => [
    left.vendor,
    left.kind,
    left.id,
    left.bytes === null ? '' : `${bytes(left.bytes)} `,
    duration(left.ageMs),
    left.job ?? 'not known here',
    fateOf(left),
  ])
  const removable = leftovers.filter(({ kept, removed }) => kept === null && !removed).length
  return [
    ...(rows.length === 0
      ? ['Nothing is left at the vendors.']
      : columns(['vendor', 'what', 'id', 'size ', 'age ', 'job', ''], rows)),
    ...notes.map(({ vendor, ok, text }) => `${ok ? '·' : 'FAILS'} ${vendor}: ${text}`),
    ...(removable > 0 ? [`${some(removable, 'leftover')} can be deleted: redeye doctor --remote --remove`] : []),
  ].join('\n')
}

const fateOf = ({ kept, removed }: RemoteLeftover): string =>
  removed ? 'deleted' : kept === null ? 'can be deleted' : `stays: ${kept}`
