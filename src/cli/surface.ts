import { type Command, Option } from 'commander'
import type { ScenarioListing } from '../emulator/index.ts'
import { amount, collect, fraction, positive, whole } from './option-values.ts'
import { command, formatOption, withInput, withPilot, withPurchase } from './shared-options.ts'

interface Surface {
  readonly scenarios: readonly ScenarioListing[]
  /** Takes the exit code of the command that ran. */
  readonly done: (code: number) => void
}

/**
 * The whole surface on one page; what several commands take lies beside it. A command's own file, and with it the library,
 * is loaded when the command runs: help has to be quick.
 */
export function declareCommands(program: Command, surface: Surface): void {
  declareBuying(program, surface)
  declareAdopting(program, surface)
  declareLooking(program, surface)
  declareSteering(program, surface)
  declareTools(program, surface)
}

function declareBuying(program: Command, { done }: Surface): void {
  const quote = command(
    program,
    'quote',
    'Say what each lane would cost and when it would land. Sends nothing, but for --pilot.',
    [
      ['A file of batch lines', 'quote requests.jsonl --by 08:00'],
      ['A table, a prompt per row', 'quote reviews.csv --prompt "Sentiment of: {{text}}" --model gpt-5-mini --json'],
      ['Measured on 50 random requests, which the job need not buy again', 'quote requests.jsonl --pilot 50 --yes'],
      ['Without an input: what ten billion tokens cost', 'quote --model gemini-2.5-pro --input-tokens 10B'],
      [
        'A million requests that share a prefix of 4,000 tokens, mostly cached',
        'quote --model gpt-5 --requests 1M --input-tokens 4.5B --output-tokens 300M --cached-share 0.8',
      ],
    ],
  )
  withPilot(withInput(quote, '[input...]').optionsGroup('A pilot:'))
    .option('--budget <usd>', 'a wall for the pilot; agrees to it where nobody can be asked')
    .option('-y, --yes', 'agree to the pilot')
    .optionsGroup('Without an input, all requests together:')
    .option('--input-tokens <n>', 'tokens of all prompts: 250000, 300M, 10B', amount)
    .option('--output-tokens <n>', 'tokens of all answers', amount)
    .option('--requests <n>', 'how many', amount)
    .option('--cached-share <share>', 'of the input, read from a prompt cache: 0 to 1', fraction)
    .option('--prompt-tokens <n>', 'of one prompt, for models with long-context prices', amount)
    .optionsGroup('Budgets:')
    .option('--tag <k=v>', 'of the job: says whether a budget of the home would stop it; repeatable', collect)
    .action(async (input, flags) => done(await (await import('./commands/quote.ts')).quote(input, flags)))

  const tried = command(
    program,
    'try',
    'Call a few requests now, and show what comes of them and what all would cost.',
    [
      ['The first five lines, on the lane that answers soonest', 'try requests.jsonl'],
      [
        'Two models side by side, on three rows',
        'try reviews.csv -n 3 --prompt "Sentiment of: {{text}}" --model gpt-5-mini --model claude-haiku-4-5',
      ],
    ],
  )
  withInput(tried, '<input...>', 'several')
    .option('-n, --requests <n>', 'how many', positive, 5)
    .option('--tag <k=v>', 'kept with what is called and its bill; repeatable', collect)
    .action(async (input, flags) => done(await (await import('./commands/try.ts')).tryOut(input, flags)))

  const run = command(program, 'run', 'Quote, buy, wait, and write the results in input order.', [
    ['Batch lines, at most 25 USD, by tomorrow morning', 'run requests.jsonl -o results.jsonl --by 08:00 --budget 25'],
    [
      'Classify the rows of a table; safe to start again, for the key names the job',
      'run tickets.csv -o labelled.csv --key tickets-may --model gpt-5-mini \\\n    --prompt "Label this: {{text}}" --schema labels.json --yes',
    ],
    [
      'Read a folder of scans, one request a file, into the columns of a schema',
      'run scans/ -o invoices.csv --model gpt-5-mini --prompt "Read this invoice." --schema invoice.json',
    ],
  ])
  run.option('-o, --output <file>', 'where the results go; - is standard output')
  withPilot(withPurchase(withInput(run))).action(async (input, flags) =>
    done(await (await import('./commands/run.ts')).run(input, flags)),
  )

  const submit = command(program, 'submit', 'Buy and return; prints the id of the job.', [
    ['Buy now …', 'submit requests.jsonl -o results.jsonl --key nightly --yes'],
    ['… and bring it home later', 'wait key:nightly --timeout 2h'],
  ])
  submit.option('-o, --output <file>', 'where landing writes the results; without, `redeye results` fetches them')
  withPilot(withPurchase(withInput(submit))).action(async (input, flags) =>
    done(await (await import('./commands/submit.ts')).submit(input, flags)),
  )
}

function declareAdopting(program: Command, { done }: Surface): void {
  command(program, 'adopt [batch...]', 'Make jobs of batches that somebody else has submitted. Buys nothing.', [
    ['What lies there, what it cost, what is about to expire', 'adopt --account openai --dry-run'],
    ['One of them, by the vendor and its id', 'adopt openai:batch_68f0c1'],
    ['Those of a week, for a script', 'adopt --account anthropic --since 7d --json'],
    [
      'What failed or expired in it is bought again, for 5 USD in all at most',
      'adopt openai:batch_68f0c1 --rescue --budget 5',
    ],
  ])
    .option('--account <name>', 'instead of batches: all of this vendor, or of this account of redeye.config')
    .option('--since <time>', 'with --account: only those made since 7d, or since a day (default: 30d)')
    .option('--dry-run', 'only list them: state, rows, price, saving, what expires, and the jobs they are already')
    .option('--rescue', 'what failed or expired may be bought again; without, nothing of it ever is')
    .option('--budget <usd>', 'with --rescue: a wall for the whole job, what it has cost already included')
    .option('--allow-unpriced', 'with --rescue: although a price is unknown')
    .option('--tag <k=v>', 'kept with the job and its bill; repeatable', collect)
    .action(async (batches, flags) => done(await (await import('./commands/adopt.ts')).adopt(batches, flags)))
}

function declareLooking(program: Command, { done }: Surface): void {
  command(program, 'list', 'List the jobs of the home, newest first.', [
    ['What is on its way', 'list --state flying --state held'],
    ['For a script', 'list --json --limit 10'],
  ])
    .option('--state <state>', 'only jobs in this state; repeatable', collect)
    .option('--limit <n>', 'at most so many', whole)
    .action(async (flags) => done(await (await import('./commands/list.ts')).list(flags)))

  command(program, 'show <job>', 'Show a job: counts, money, who attends it, what was bought and what happened.', [
    ['By the beginning of its id', 'show job_7ka'],
    ['By your key, for a script', 'show key:nightly --json'],
  ]).action(async (job, flags) => done(await (await import('./commands/show.ts')).show(job, flags)))

  command(program, 'why <job>', 'Say what a job waits for, and what comes next.', [
    ['Why does it not land?', 'why job_7ka'],
    ['For a script', 'why key:nightly --json'],
  ]).action(async (job, flags) => done(await (await import('./commands/why.ts')).why(job, flags)))

  command(program, 'bill [job]', 'Sum what was charged, of one job or of all: from result rows, exact.', [
    ['All jobs, by the tag "team"', 'bill --per tag:team'],
    ['One job by lane, for a script', 'bill job_7ka --per lane --json'],
    [
      'Beside what the vendors say they charged; exit 5: something is not explained',
      'bill --against live --month 2026-11',
    ],
    ['Beside a file that a vendor exported', 'bill --against billing.csv'],
    ['For the cost tools of the house', 'bill --month 2026-11 --format focus > focus.csv'],
  ])
    .option('--per <what>', 'job, model, lane, day, or tag:NAME', 'model')
    .option('--month <month>', 'only what was settled in it, in UTC: 2026-11; of --against live: from its first day on')
    .option('--against <report>', 'compare with a vendor: an exported file, or "live", which an admin key reads')
    .addOption(
      new Option('--format <format>', 'csv: these sums · focus: every entry, as FOCUS 1.3').choices(['csv', 'focus']),
    )
    .option('--recompute', 'compute the ledger anew from the usage records and compare; exit 5: it differs')
    .action(async (job, flags) => done(await (await import('./commands/bill.ts')).bill(job, flags)))

  command(
    program,
    'budget [usd]',
    'List the budgets of the home, or set one: a wall for all its jobs, or those of a tag.',
    [
      ['What is spent, in the air, and left', 'budget'],
      ['At most 500 USD in each calendar month (UTC), all jobs together', 'budget 500 --per month'],
      ['Of the jobs that fly with --tag team=search', 'budget 100 --tag team=search --per month'],
      ['Take it away again', 'budget none --tag team=search --per month'],
    ],
  )
    .option('--tag <k=v>', 'only jobs with this tag; without, all of the home')
    .addOption(new Option('--per <time>', 'anew in each calendar month; without, for ever').choices(['month']))
    .action(async (usd, flags) => done(await (await import('./commands/budget.ts')).budget(usd, flags)))

  command(program, 'report', 'Write what a month cost as a page with charts.', [
    ['This month', 'report -o report.html'],
    ['A month that is over', 'report --month 2026-10 -o october.html'],
  ])
    .option('--month <month>', 'which, in UTC: 2026-11; without, the current one')
    .requiredOption('-o, --output <file>', 'the page, in one file; - is standard output')
    .action(async (flags) => done(await (await import('./commands/report.ts')).report(flags)))

  command(program, 'results <job>', 'Write the results of a job that is home, in input order.', [
    ['To a file, whole or not at all', 'results job_7ka -o results.jsonl'],
    ['As CSV into a pipe', 'results key:nightly --format csv | head'],
  ])
    .option('-o, --output <file>', 'where they go; - is standard output', '-')
    .addOption(formatOption('of standard output; a file tells by its name'))
    .action(async (job, flags) => done(await (await import('./commands/results.ts')).results(job, flags)))
}

function declareSteering(program: Command, { done }: Surface): void {
  command(program, 'watch <job>', 'Attend a job with its progress until it is home. Ctrl-C leaves it again.', [
    ['Come back to a job', 'watch job_7ka'],
    ['Go on with a job that its budget holds', 'watch job_7ka --budget 40'],
  ])
    .option('--budget <usd>', 'first set a new budget')
    .action(async (job, flags) => done(await (await import('./commands/watch.ts')).watch(job, flags)))

  command(program, 'wait <job...>', 'Attend jobs without a word until all are home; exit 75: still flying.', [
    ['From a scheduler, for two hours at most', 'wait key:nightly --timeout 2h'],
    ['Several at once', 'wait job_7ka job_b2x --json'],
  ])
    .option('--timeout <duration>', 'leave after 90m, 2h, …')
    .action(async (jobs, flags) => done(await (await import('./commands/wait.ts')).wait(jobs, flags)))

  command(program, 'cancel <job>', 'End a job: nothing more is bought; what is finished is kept and charged.', [
    ['And wait until all of it is collected', 'cancel job_7ka'],
    ['Leave that to whoever attends it next', 'cancel job_7ka --no-wait'],
    ['Only some of its requests; the others fly on', 'cancel key:nightly --ids deleted-users.txt'],
  ])
    .option('--ids <file>', 'only withdraw these requests: an id a line, or lines with custom_id or key; - is stdin')
    .option('--no-wait', 'only ask for it')
    .action(async (job, flags) => done(await (await import('./commands/cancel.ts')).cancel(job, flags)))

  command(program, 'retry <job>', 'Fly once more what was expired, missing, cancelled, or failed in passing.', [
    ['Only what deserves it', 'retry job_7ka'],
    ['Also what failed for good', 'retry job_7ka --all'],
  ])
    .option('--all', 'also requests that failed for good')
    .option('--no-wait', 'plan it; whoever attends the job next buys')
    .action(async (job, flags) => done(await (await import('./commands/retry.ts')).retry(job, flags)))

  command(program, 'worker', 'Attend all jobs of the home, also those that come, until stopped.', [
    ['Under a service manager', 'worker --home /var/lib/redeye'],
    ['A line of JSON per change', 'worker --json'],
  ]).action(async (flags) => done(await (await import('./commands/worker.ts')).worker(flags)))
}

function declareTools(program: Command, { done, scenarios }: Surface): void {
  command(program, 'advise', 'Say which price work that can wait should be bought at, and what that saves.', [
    ['The rule of thumb: spend × share × discount', 'advise --latency 24h --monthly-spend 5000 --offline-share 0.3'],
    ['Where the answer is wanted sooner', 'advise --latency 15m --monthly-spend 5000 --offline-share 0.3 --json'],
  ])
    .requiredOption('--latency <duration>', 'how long an answer may take: 100ms, 30s, 15m, 8h')
    .requiredOption('--monthly-spend <usd>', 'what is spent a month at standard prices', fraction)
    .option('--offline-share <share>', 'of it, what nobody waits for: 0 to 1', fraction, 1)
    .option('--model <name>', 'not every model is sold on every lane')
    .action(async (flags) => done(await (await import('./commands/advise.ts')).advise(flags)))

  command(
    program,
    'audit [log...]',
    'Find the calls of a usage log that nobody waited for, and what they cost too much.',
    [
      ['Spend logs of a gateway, with a report to show around', 'audit spend-logs.jsonl.gz -o report.html'],
      [
        'A table of your own',
        'audit calls.csv --columns time=created_at,model=llm,input=prompt_tok,output=answer_tok,key=service',
      ],
      ["What the vendors themselves report, with administrators' keys", 'audit --live openai,anthropic --since 30d'],
    ],
  )
    .option('-o, --output <file>', 'also write the report as a page, with charts')
    .option('--columns <names>', 'where they stand in a table of your own: time=COLUMN,model=COLUMN,…')
    .option('--live <vendors>', 'instead of a log read the usage and cost reports of these; keys: OPENAI_ADMIN_KEY, …')
    .option('--since <time>', 'only calls since: 30d, or a day (with --live: 30d)')
    .option('--tz <zone>', 'time zone of nights and weekends; without, that of this machine')
    .option(
      '--shared-prefix <share>',
      'of each prompt, what is the same in all: 0 to 1; without, measured or assumed',
      fraction,
    )
    .action(async (logs, flags) => done(await (await import('./commands/audit.ts')).audit(logs, flags)))

  command(program, 'prices [model]', 'Compare the lanes, or say what one model costs on each.', [
    ['Every lane in a line: discount, times, limits, caches', 'prices'],
    ['All lanes of a model', 'prices gpt-5.4-mini'],
    ['At one vendor, for a script', 'prices vertex/gemini-2.5-pro --json'],
    ['Newer prices, shown before they are used', 'prices --refresh https://models.dev/api.json'],
  ])
    .option('--models', 'all models with a batch price, a line each')
    .option('--refresh <from>', "an address or file in the shape of LiteLLM's or models.dev's map of prices")
    .option('-y, --yes', 'agree to what --refresh would change')
    .action(async (model, flags) => done(await (await import('./commands/prices.ts')).prices(model, flags)))

  command(program, 'doctor', 'Check the home, and each account with a free call; exit 4: an account fails.', [
    ['Before the first job', 'doctor'],
    ['In a health check', 'doctor --json'],
    ['What is left at the vendors of files and batches that bear our keys', 'doctor --remote'],
    ['How long your submissions have taken, and when in the week', 'doctor --latency'],
    [
      'How fast an engine of your own is, and when it is cheaper than a batch',
      'doctor --engine http://gpu:8000/v1 --usd-per-hour 2.5',
    ],
  ])
    .option('--remote', 'list what is left at the vendors and no job of this home needs any more')
    .option('--latency', 'how long submissions of this home took, by account, lane, model, size and hour of week')
    .option('--remove', 'with --remote: delete it, but for what is on its way or may be of another home')
    .optionsGroup('An engine of your own, measured in about a minute; it yields to whoever waits there:')
    .option('--engine <url>', 'its base URL, or the name of its account')
    .option('--usd-per-hour <usd>', 'what it costs: prints its price beside those of batches', fraction)
    .option('--model <name>', 'a model that it serves; without, the first')
    .option('--compare <model>', 'beside which model; repeatable; without, two of each maker', collect)
    .option('--blind', 'also more than one request at once where no metrics show whether others wait')
    .action(async (flags) => done(await (await import('./commands/doctor.ts')).doctor(flags)))

  command(program, 'emulate', 'Run emulated vendors on this machine: no key, no cost, troubles on request.', [
    ['An hour in a second', 'emulate --speed 3600'],
    ['With troubles', 'emulate --scenario expire-partial:0.6 --scenario storm-429'],
  ])
    .option('--port <n>', 'where to listen; 0 takes any free port', whole, 4010)
    .option('--speed <n>', 'emulated seconds in a second', positive, 1)
    .option('--seed <n>', 'the same seed, the same answers', whole, 1)
    .option('--scenario <name>', 'a trouble by its name, perhaps with parameters; repeatable', collect)
    .option('--dir <dir>', 'where its files lie; without, in a temporary folder')
    .addHelpText('after', () => `\nScenarios:\n${scenarios.map(scenarioText).join('\n')}`)
    .action(async (flags) => done(await (await import('./commands/emulate.ts')).emulate(flags)))
}

const scenarioText = ({ name, parameter, summary }: ScenarioListing): string =>
  `  ${name}${parameter === undefined ? '' : `:${parameter}`}\n      ${summary}`
