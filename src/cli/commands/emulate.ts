import { UsageError } from '../../domain/errors.ts'
import { startEmulator } from '../../emulator/index.ts'
import { exit } from '../exit-codes.ts'
import { onInterrupt } from '../interrupts.ts'
import { out, say } from '../terminal.ts'

interface EmulateFlags {
  readonly port: number
  readonly speed: number
  readonly seed: number
  readonly scenario?: readonly string[]
  readonly dir?: string
  readonly json?: boolean
}

/** Emulated vendors on this machine, until Ctrl-C. */
export async function emulate({ port, speed, seed, scenario = [], dir, json }: EmulateFlags): Promise<number> {
  const stopped = Promise.withResolvers<void>()
  const unheard = onInterrupt(stopped.resolve)
  const emulator = await startEmulator({ port, speed, seed, scenario, ...(dir === undefined ? {} : { dir }) }).catch(
    (error: unknown) => {
      throw usageOf(error, port)
    },
  )
  const variables = {
    OPENAI_BASE_URL: emulator.baseUrls.openai,
    OPENAI_API_KEY: 'sk-emulated',
    ANTHROPIC_BASE_URL: emulator.baseUrls.anthropic,
    ANTHROPIC_API_KEY: 'sk-ant-emulated',
    GOOGLE_GEMINI_BASE_URL: emulator.baseUrls.gemini,
    GEMINI_API_KEY: 'AIza-emulated',
    GOOGLE_CLOUD_PROJECT: 'emulated',
    GOOGLE_ACCESS_TOKEN: 'ya29.emulated',
    GOOGLE_VERTEX_BASE_URL: emulator.baseUrls.vertex,
    STORAGE_EMULATOR_HOST: emulator.baseUrls.gcs,
    REDEYE_VERTEX_BUCKET: 'gs://emulated',
    ...(speed === 1 ? {} : { REDEYE_SPEED: String(speed) }),
  }
  if (json === true) out(JSON.stringify({ url: emulator.url, variables, alike: emulator.alikeUrls }))
  else {
    out(
      `Emulated vendors at ${emulator.url}, ${speed === 1 ? 'in real time' : `${speed} times as fast as the world`}.\n`,
    )
    for (const [name, value] of Object.entries(variables)) out(`  export ${name}=${value}`)
    if (speed !== 1) out(`  export REDEYE_HOME=$(mktemp -d)   # a home of its own, whose clock runs as fast`)
    out('\nVendors like OpenAI, by their names:')
    for (const [name, url] of Object.entries(emulator.alikeUrls)) out(`  ${name.padEnd(12)} ${url}`)
    out(`\nIts log and bill: ${emulator.url}/_emulator/log and /bill. Ctrl-C stops it.`)
  }
  await stopped.promise
  unheard()
  await emulator.close()
  say('Stopped.')
  return exit.done
}

function usageOf(error: unknown, port: number): unknown {
  const { code, message } = error as NodeJS.ErrnoException
  if (code === 'scenario_unknown') return new UsageError(message, '`redeye emulate --help` lists the scenarios.')
  if (code === 'EADDRINUSE') return new UsageError(`Port ${port} is taken.`, '--port 0 takes any free port.')
  return error
}
