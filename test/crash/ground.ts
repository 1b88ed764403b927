import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { type Emulator, type EmulatorOptions, startEmulator } from '../../src/emulator/index.ts'
import { open, type Receipt, type Redeye } from '../../src/index.ts'
import { chats, jsonl, type OutputLine } from '../flights/field.ts'
import { judge, type Verdict } from '../flights/judge.ts'

const SHARDS = 20
const SHARD_REQUESTS = 5
/** A second is a minute: the look-ups of an unsure purchase take seconds, and an HTTP call still takes less than one. */
const SPEED = 60
const LAUNCHES_MAX = 400

/** A job of twenty shards, an emulated vendor, and processes that fly it and may be killed. */
export interface Ground extends AsyncDisposable {
  /** The home, once a process has ended. */
  home(): Promise<Redeye>
  readonly emulator: Emulator
  launch(env?: Record<string, string>): Flight
  /** Starts the job again until it is home. `kill` says when to kill a launch: ms after its start, or undefined. */
  untilHome(
    kill?: (launch: number) => number | undefined,
  ): Promise<{ receipt: Receipt; launches: number; kills: number }>
  judge(receipt: Receipt): Promise<Verdict>
}

export interface Flight {
  readonly process: ChildProcess
  /** The receipt, or the signal that ended it. */
  readonly end: Promise<{ receipt: Receipt | null; signal: NodeJS.Signals | null; stderr: string; code: number | null }>
}

/** Where nothing but its count tells one purchase from another, a shard of five is drawn smaller: of four. */
export const shardsAt = (vendor: VendorName = 'openai'): number =>
  vendor === 'anthropic' ? (SHARDS * SHARD_REQUESTS) / (SHARD_REQUESTS - 1) : SHARDS

/** What is flown to each vendor: one file of chat requests, and a model of the vendor's. */
export const models = {
  openai: undefined,
  anthropic: 'claude-haiku-4-5',
  gemini: 'gemini/gemini-3.5-flash',
  vertex: 'vertex/gemini-3.5-flash',
  mistral: 'mistral/gpt-5.4-mini',
  together: 'together/gpt-5.4-mini',
  xai: 'xai/gpt-5.4-mini',
} as const
export type VendorName = keyof typeof models

export interface GroundOptions extends EmulatorOptions {
  readonly vendor?: VendorName
  /** Lanes that the job may fly on. Default: batch. */
  readonly ladder?: string
  /** Until its deadline, by its own clock. */
  readonly hours?: number
}

export async function ground({ vendor = 'openai', ladder, hours, ...options }: GroundOptions = {}): Promise<Ground> {
  const folder = await mkdtemp(join(tmpdir(), 'redeye-crash-'))
  const emulator = await startEmulator({
    speed: SPEED,
    latency: { medianSeconds: 30, sigma: 0.5, validatingSeconds: 2, finalizingSeconds: 2 },
    ...options,
  })
  const requests = chats(SHARDS * SHARD_REQUESTS, { max_tokens: 4000 })
  const input = join(folder, 'in.jsonl')
  const output = join(folder, 'out.jsonl')
  await writeFile(input, jsonl(requests))

  const launch = (env: Record<string, string> = {}): Flight => {
    const child = spawn(process.execPath, [join(import.meta.dirname, 'child.ts')], {
      env: {
        ...process.env,
        input,
        output,
        shardRequests: String(SHARD_REQUESTS),
        REDEYE_HOME: join(folder, 'home'),
        REDEYE_SPEED: String(options.speed ?? SPEED),
        ...(ladder === undefined ? {} : { ladder }),
        ...(hours === undefined ? {} : { hours: String(hours) }),
        ...(models[vendor] === undefined ? {} : { model: models[vendor] }),
        ...accountsAt(emulator),
        ...env,
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    const out: Buffer[] = []
    const errors: Buffer[] = []
    child.stdout.on('data', (chunk: Buffer) => out.push(chunk))
    child.stderr.on('data', (chunk: Buffer) => errors.push(chunk))
    const end = new Promise<Awaited<Flight['end']>>((resolve) => {
      child.on('close', (code, signal) => {
        const receipt = code === 0 ? (JSON.parse(Buffer.concat(out).toString()) as Receipt) : null
        resolve({ receipt, signal, code, stderr: Buffer.concat(errors).toString() })
      })
    })
    return { process: child, end }
  }

  return {
    emulator,
    launch,
    home: () => open({ home: join(folder, 'home'), speed: options.speed ?? SPEED, env: accountsAt(emulator) }),
    async untilHome(kill = () => undefined) {
      let kills = 0
      for (let number = 0; number < LAUNCHES_MAX; number++) {
        const flight = launch()
        const after = kill(number)
        const stop = new AbortController()
        if (after !== undefined) {
          void pause(after, undefined, { signal: stop.signal }).then(
            () => flight.process.kill('SIGKILL'),
            () => {}, // it ended before
          )
        }
        const { receipt, signal, code, stderr } = await flight.end
        stop.abort()
        if (receipt !== null) return { receipt, launches: number + 1, kills }
        if (signal !== 'SIGKILL') throw new Error(`The job ended with ${code ?? signal}:\n${stderr}`)
        kills++
      }
      throw new Error(`The job is not home after ${LAUNCHES_MAX} launches.`)
    },
    async judge(receipt) {
      const text = await readFile(output, 'utf8')
      const lines = text
        .split('\n')
        .filter((line) => line !== '')
        .map((line) => JSON.parse(line) as OutputLine)
      return judge(emulator, [{ ids: requests.map(({ custom_id }) => custom_id), receipt, lines }])
    },
    async [Symbol.asyncDispose]() {
      await emulator.close()
      await rm(folder, { recursive: true, force: true })
    },
  }
}

const accountsAt = ({ baseUrls, alikeUrls }: Emulator) => ({
  OPENAI_API_KEY: 'sk-crash',
  OPENAI_BASE_URL: baseUrls.openai,
  ANTHROPIC_API_KEY: 'sk-ant-crash',
  ANTHROPIC_BASE_URL: baseUrls.anthropic,
  GEMINI_API_KEY: 'gemini-crash',
  GOOGLE_GEMINI_BASE_URL: baseUrls.gemini,
  GOOGLE_CLOUD_PROJECT: 'crash',
  GOOGLE_CLOUD_LOCATION: 'us-central1',
  GOOGLE_ACCESS_TOKEN: 'ya29.crash',
  GOOGLE_VERTEX_BASE_URL: baseUrls.vertex,
  STORAGE_EMULATOR_HOST: baseUrls.gcs,
  REDEYE_VERTEX_BUCKET: 'gs://crash/night',
  MISTRAL_API_KEY: 'crash',
  MISTRAL_BASE_URL: alikeUrls['mistral'],
  TOGETHER_API_KEY: 'crash',
  TOGETHER_BASE_URL: alikeUrls['together'],
  XAI_API_KEY: 'crash',
  XAI_BASE_URL: alikeUrls['xai'],
})
