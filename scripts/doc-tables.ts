import { laneCells } from '../src/cli/text/lanes.ts'
import { lanes } from '../src/index.ts'
import { catalogue } from '../src/pricing/catalogue.ts'
import { neverBatch, savings, situations } from './situations.ts'

/** Tables of the docs that are made from what the code knows, by the page and the name of their place in it. */
const tables: Readonly<Record<string, Readonly<Record<string, () => string>>>> = {
  'docs/half-price.md': {
    lanes: () => {
      // By the day of the catalogue: the page changes with it, and not with the calendar.
      const table = lanes({ at: Date.parse(catalogue.generatedOn) })
      const { head, rows } = laneCells(table)
      const marked = rows.map(([lane = '', ...cells], at) => [
        table[at]?.flyable === true ? lane : `${lane} (for comparison)`,
        ...cells,
      ])
      return markdown(head, marked)
    },
  },
  'docs/when-to-fly.md': {
    situations: () =>
      markdown(
        ['An answer may take', 'Buy it on', '`redeye advise`'],
        situations.map((one) => [one.may, one.answer, `\`${flagsOf(one)}\``]),
      ),
    never: () => neverBatch.map(({ when, why }) => `- ${when}: ${why}`).join('\n'),
    savings: () =>
      markdown(
        ['Lane', 'Off', 'Saved a month'],
        savings.map(({ way, off, saved }) => [way, `${off} %`, `${saved} USD`]),
      ),
  },
}

export const pages = Object.keys(tables)

const flagsOf = (one: (typeof situations)[number]): string =>
  `--latency ${one.latency}${'model' in one ? ` --model ${one.model}` : ''}`

/** A page with its tables as they are now. @throws where the page has no place for one of them */
export function withTables(page: string, text: string): string {
  return Object.entries(tables[page] ?? {}).reduce((all, [name, make]) => {
    const place = new RegExp(`(<!-- ${name} -->\n)[^]*?(\n<!-- end of ${name} -->)`)
    if (!place.test(all)) throw new Error(`${page} has no place for "${name}".`)
    return all.replace(place, (_, before: string, after: string) => `${before}\n${make()}\n${after}`)
  }, text)
}

function markdown(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n')
}
