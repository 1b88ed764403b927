import { readFileSync } from 'node:fs'
import { Command, CommanderError } from 'commander'
import type { ScenarioListing } from '../emulator/index.ts'
import { declareCommands } from './surface.ts'

/** Runs one command line; returns the exit code. What went wrong is said by then. */
export async function main(argv: readonly string[]): Promise<number> {
  quietWhenNobodyReads()
  const json = argv.includes('--json')
  let code = 0
  const program = rootCommand()
  declareCommands(program, { scenarios: await listedScenarios(argv), done: (ended) => void (code = ended) })
  try {
    await program.parseAsync(argv, { from: 'user' })
    return code
  } catch (error) {
    const { reportError } = await import('./report-error.ts')
    if (!(error instanceof CommanderError)) return reportError(error, { json, ...homeOf(program) })
    if (error.exitCode === 0) return 0
    if (error.code === 'commander.help') return 2
    const { UsageError } = await import('../domain/errors.ts')
    const name = program.commands.find((command) => command.name() === argv[0])?.name()
    const hint = `See \`redeye ${name === undefined ? '' : `${name} `}--help\`.`
    return reportError(new UsageError(error.message.replace(/^error: /, ''), hint), { json })
  }
}

const rootCommand = (): Command =>
  new Command('redeye')
    .description('The overnight flight for LLM work: the same answers, cheaper, by morning.')
    .version(versionOf(), '-V, --version', 'print the version')
    .helpOption('-h, --help', 'print this help')
    .helpCommand('help [command]', 'print the help of a command')
    .exitOverride()
    .configureOutput({ outputError: () => {} }) // said by reportError
    .addHelpText('after', about)

const about = `
Exit codes: 0 done · 1 some requests failed, results written · 2 usage or bad input, nothing sent · 3 refused ·
            4 provider or store unavailable · 5 a check failed · 75 still flying · 130 detached

Jobs live in REDEYE_HOME: .redeye here if there, else the user's data folder. A JOB is an id, the beginning of one,
or key:NAME. API keys come from their usual variables: OPENAI_API_KEY, ANTHROPIC_API_KEY, …; redeye doctor names all.

Begin with \`redeye quote --help\` and \`redeye run --help\`.`

/** The emulator is loaded for its own help only. */
async function listedScenarios(argv: readonly string[]): Promise<readonly ScenarioListing[]> {
  const asked = argv.includes('emulate') && argv.some((word) => word === '--help' || word === '-h' || word === 'help')
  return asked ? (await import('../emulator/index.ts')).scenarios : []
}

function homeOf(program: Command): { home?: string } {
  for (const command of program.commands) {
    const { home } = command.opts<{ home?: string }>()
    if (home !== undefined) return { home }
  }
  return {}
}

const versionOf = (): string =>
  (JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as { version: string }).version

/** `redeye list | head -1` is no failure; and what nobody caught is told like all else. */
function quietWhenNobodyReads(): void {
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error
    process.exit(process.exitCode ?? 0)
  })
  process.on('uncaughtException', async (error) => {
    const { reportError } = await import('./report-error.ts')
    process.exit(reportError(error, {}))
  })
}
