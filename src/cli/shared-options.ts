import { type Command, Option } from 'commander'
import { collect, fraction, positive, tiersOf, whole } from './option-values.ts'

type Example = readonly [what: string, line: string]

export function command(program: Command, name: string, description: string, examples: readonly Example[]): Command {
  const told = examples.map(([what, line]) => `  # ${what}\n  redeye ${line}`)
  return program
    .command(name)
    .description(description)
    .helpOption('-h, --help', 'print this help')
    .option('--json', 'print JSON, for machines')
    .option('--home <dir>', 'where jobs live, instead of REDEYE_HOME')
    .addHelpText('after', `\nExamples:\n${told.join('\n')}`)
}

const withModel = (command: Command, models: 'one' | 'several'): Command =>
  models === 'one'
    ? command.option('--model <name>', 'the model, or vendor/model; replaces that of batch lines')
    : command.option('--model <name>', 'the model, or vendor/model; repeatable', collect)

/** What makes a job of an input. */
export const withInput = (command: Command, argument = '<input...>', models: 'one' | 'several' = 'one'): Command =>
  withModel(command, models)
    .argument(
      argument,
      'batch lines (.jsonl); with --prompt rows (.csv, .tsv, .jsonl), or a folder or pattern of files; .gz, .zst; - is stdin',
    )
    .option('--region <name>', 'where the vendor shall work: us, eu, …; refused where it has no such region')
    .option('--by <time>', 'when it must land: 08:00, 6h, or 2026-11-25T08:00')
    .option('--ladder <lanes>', 'lanes it may fly on, cheapest first: batch,flex,standard,priority', tiersOf)
    .option(
      '--or-model <name>',
      'another model that may answer as well, if it is cheaper or in time; repeatable',
      collect,
    )
    .option('--rpm <n>', 'requests a minute that your account may send outside of batches', positive)
    .option('--best-effort', 'fly although --by may be missed')
    .addOption(
      new Option('--cache <how>', 'of beginnings that prompts share; plan only predicts (default: auto)').choices([
        'auto',
        'off',
        'plan',
      ]),
    )
    .option('--dedupe', 'buy one of identical requests, and give its answer to all of them')
    .option('--reuse', 'take answers that earlier jobs of the home have bought to identical requests')
    .option('--tz <zone>', 'time zone of --by; without, that of this machine')
    .option('--skip-invalid', 'set bad lines aside instead of refusing the input')
    .option('--rejects <file>', 'where they are set aside; without, beside the output')
    .addOption(formatOption('of rows on stdin, and of results on stdout'))
    .optionsGroup('Tables:')
    .option('--prompt <text>', 'makes the input a table: "Classify: {{column}}", or @FILE')
    .option('--system <text>', 'system text of each row, or @FILE')
    .option('--image <path>', 'an image with each row: "{{column}}", a path or https address; repeatable', collect)
    .option('--file <path>', 'an image, PDF or text with each row, by its content; repeatable', collect)
    .option('--schema <file>', 'JSON Schema of the answers, or a JSON list of the allowed ones')
    .addOption(
      new Option('--on-invalid-answer <how>', 'of answers that fail the schema (default: keep)').choices([
        'keep',
        'retry',
        'fail',
      ]),
    )
    .option('--answer-column <name>', 'name of the column for the answer')
    .option(
      '--with-cost',
      'tell what each answer cost: columns _model, _lane and _usd; in batch lines a member "redeye"',
    )
    .option('--max-tokens <n>', 'limit of each answer', whole)
    .option('--temperature <n>', 'temperature of each answer', fraction)
    .option('--param <k=json>', 'a further member of each request; repeatable', collect)

export const withPilot = (command: Command): Command =>
  command.option(
    '--pilot <n>',
    'first buy so many random requests at once, and rest the quote on them; the job does not buy them again',
    whole,
  )

/** What buys. */
export const withPurchase = (command: Command): Command =>
  command
    .optionsGroup('Buying:')
    .option('--key <name>', 'your name for the job: the same command again goes on with it, and buys nothing twice')
    .option('--budget <usd>', 'a wall: nothing is bought beyond it; agrees to the quote where nobody can be asked')
    .option('-y, --yes', 'agree to the quote')
    .option('--tag <k=v>', 'kept with the job and its bill; repeatable', collect)
    .addOption(
      new Option(
        '--on-truncated <how>',
        'of answers that their output limit cuts off (default: keep; split is refused)',
      ).choices(['grow', 'split', 'keep']),
    )
    .option('--retries <n>', 'rounds for requests that deserve another (default: 2)', whole)
    .addOption(
      new Option('--on-unsure <how>', "of a purchase that cannot be told from a stranger's (default: wait)").choices([
        'wait',
        'rebuy',
      ]),
    )
    .option(
      '--no-preflight',
      'send all at once; else of 1,000 or more one of each kind goes ahead, to be turned down first',
    )
    .option('--allow-unpriced', 'fly although a price is unknown')
    .option('--shard-requests <n>', 'at most so many requests in one purchase', whole)
    .option('--keep-remote', 'leave our files and batches at the vendor; else they are deleted once safe here')

export const formatOption = (of: string): Option => new Option('--format <format>', of).choices(['csv', 'tsv', 'jsonl'])
