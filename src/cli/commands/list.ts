import { UsageError } from '../../domain/errors.ts'
import { type JobState, jobMoves } from '../../domain/states.ts'
import { exit } from '../exit-codes.ts'
import { out, say } from '../terminal.ts'
import { columns } from '../text/columns.ts'
import { count, moment } from '../text/figures.ts'
import { type Flags, withHome } from '../with-home.ts'

export async function list(
  flags: Flags & { readonly state?: readonly string[]; readonly limit?: number },
): Promise<number> {
  const states = flags.state?.map(stateOf)
  return withHome(flags, async (redeye) => {
    const jobs = await redeye.jobs({
      ...(states === undefined ? {} : { states }),
      ...(flags.limit === undefined ? {} : { limit: flags.limit }),
    })
    if (flags.json === true) out(JSON.stringify(jobs))
    else if (jobs.length === 0) say(`No jobs in ${redeye.home}.`)
    else {
      const rows = jobs.map((job) => [
        job.id,
        job.held === null ? job.state : `held (${job.held})`,
        count(job.requests),
        moment(job.createdAt),
        job.landedAt === null ? '' : moment(job.landedAt),
        job.key ?? (job.adopted === null ? '' : `adopted ${job.adopted}`),
        Object.entries(job.tags)
          .map(([name, value]) => `${name}=${value}`)
          .join(' '),
      ])
      out(columns(['job', 'state', 'requests ', 'made', 'landed', 'key', 'tags'], rows).join('\n'))
    }
    return exit.done
  })
}

function stateOf(text: string): JobState {
  if (text in jobMoves) return text as JobState
  throw new UsageError(`There is no state "${text}".`, `States are ${Object.keys(jobMoves).join(', ')}.`)
}
