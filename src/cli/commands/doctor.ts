import type { Checkup } from '../../index.ts'
import { exit } from '../exit-codes.ts'
import { out } from '../terminal.ts'
import { columns } from '../text/columns.ts'
import { bytes, some } from '../text/figures.ts'
import { type Flags, withHome } from '../with-home.ts'

export const doctor = (flags: Flags): Promise<number> =>
  withHome(flags, async (redeye) => {
    const found = await redeye.doctor()
    out(flags.json === true ? JSON.stringify(found) : checkupText(found))
    return found.accounts.every(({ ok }) => ok) ? exit.done : exit.unavailable
  })

function checkupText({ home, bytes: size, storeVersion, node, accounts, leftovers }: Checkup): string {
  const rows = [
    ['ok', 'home', `${home}, ${bytes(size)}`],
    ['ok', 'store', `version ${storeVersion}`],
    ['ok', 'node', node],
    ...accounts.map(({ ok, vendor, baseUrl, detail }) => [
      ok ? 'ok' : 'FAILS',
      'account',
      `${vendor} at ${baseUrl}: ${detail}`,
    ]),
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
