import { CompiledQuery } from 'kysely'
import type { Migration } from '../dialect.ts'
import type { Database } from '../schema.ts'

/**
 * Jobs keep where each group of their requests flies. Before, all groups flew untranslated, on the lane that their
 * shards name; and their tokens were those of their length.
 */
export const routes: Migration = { version: 2, statements: () => [], rewrite }

interface Row {
  readonly id: string
  readonly input: string | null
  readonly options: string | null
}

interface Flown {
  readonly lane: string
  readonly accountId: string
}

async function rewrite(db: Database): Promise<void> {
  const { rows } = await db.executeQuery<Row>(CompiledQuery.raw('select id, input, options from job'))
  for (const { id, input, options } of rows) {
    if (input === null) continue
    const routed = withRoutes(JSON.parse(input), JSON.parse(options ?? '{}'), await flownOf(db, id))
    const text = JSON.stringify(routed)
    await db.executeQuery(CompiledQuery.raw('update job set input = ? where id = ?', [text, id]))
  }
}

async function flownOf(db: Database, jobId: string): Promise<ReadonlyMap<number, Flown>> {
  const query = 'select "group" as number, lane, account_id from shard where job_id = ? order by round desc'
  const { rows } = await db.executeQuery<Flown & { number: number }>(CompiledQuery.raw(query, [jobId]))
  return new Map(rows.map((row) => [Number(row.number), row]))
}

function withRoutes(
  input: { groups: readonly { endpoint: string; model: string; bodyBytes: number }[] },
  { model }: { readonly model?: string },
  flown: ReadonlyMap<number, Flown>,
): object {
  const [some] = flown.values()
  const groups = input.groups.map((group) => ({ ...group, tokens: Math.ceil(group.bodyBytes / 3.6) }))
  const routes = groups.map((group, number) => {
    const { lane, accountId } = flown.get(number) ?? some ?? { lane: 'openai/batch', accountId: '' }
    return { lane, accountId, model: model ?? group.model, endpoint: group.endpoint, translated: null }
  })
  return { ...input, version: 2, groups, routes }
}
