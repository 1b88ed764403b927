import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach } from 'vitest'
import { type Emulator, startEmulator } from '../../src/emulator/index.ts'

const SPEED = 3600
const main = join(import.meta.dirname, '../../src/cli/main.ts')

export interface Ended {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

export interface Running {
  readonly ended: Promise<Ended>
  /** Resolves when the text was printed; rejects when the process ends without. */
  said(text: string): Promise<void>
  interrupt(): void
}

export interface Options {
  readonly env?: Readonly<Record<string, string | undefined>>
  readonly stdin?: string
  readonly home?: string
}

/** An emulated vendor for a file of tests, and for each test a folder with a home of its own. */
export class Night {
  emulator!: Emulator
  folder!: string

  constructor() {
    beforeAll(async () => {
      this.emulator = await startEmulator({ speed: SPEED, latency: { medianSeconds: 60 } })
    })
    afterAll(() => this.emulator.close())
    beforeEach(() => {
      this.emulator.setScenario([])
      this.folder = mkdtempSync(join(tmpdir(), 'redeye-cli-'))
      return () => rmSync(this.folder, { recursive: true, force: true })
    })
  }

  get home(): string {
    return join(this.folder, 'home')
  }

  path(name: string): string {
    return join(this.folder, name)
  }

  write(name: string, text: string): string {
    writeFileSync(this.path(name), text)
    return this.path(name)
  }

  read(name: string): string {
    return readFileSync(this.path(name), 'utf8')
  }

  /** So many batch lines; answers are short, as the model is cheap. */
  lines(name: string, count: number, model = 'gpt-4o-mini'): string {
    const line = (index: number): string =>
      JSON.stringify({
        custom_id: `question-${index}`,
        method: 'POST',
        url: '/v1/chat/completions',
        body: { model, messages: [{ role: 'user', content: `Question ${index} of ${this.folder}?` }] },
      })
    return this.write(name, Array.from({ length: count }, (_, index) => `${line(index)}\n`).join(''))
  }

  start(args: readonly string[], options: Options = {}): Running {
    const env: Record<string, string | undefined> = {
      ...process.env,
      OPENAI_BASE_URL: this.emulator.baseUrls.openai,
      OPENAI_API_KEY: 'sk-emulated-key',
      REDEYE_SPEED: String(SPEED),
      REDEYE_HOME: options.home ?? this.home,
      NODE_COMPILE_CACHE: join(tmpdir(), 'redeye-test-compiled'), // dozens of processes start here
      ...options.env,
    }
    const child = spawn(process.execPath, [main, ...args], { cwd: this.folder, env, stdio: 'pipe' })
    let [stdout, stderr] = ['', '']
    child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text))
    child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text))
    child.stdin.on('error', () => {}) // a command that reads no input may be gone already
    child.stdin.end(options.stdin ?? '')
    const ended = once(child, 'close').then(([code]) => ({ code: code as number | null, stdout, stderr }))
    return {
      ended,
      interrupt: () => void child.kill('SIGINT'),
      said: (text) =>
        new Promise((resolve, reject) => {
          const look = (): void => {
            if (stdout.includes(text) || stderr.includes(text)) resolve()
          }
          child.stdout.on('data', look)
          child.stderr.on('data', look)
          look()
          void ended.then(() => reject(new Error(`It ended without saying "${text}":\n${stderr}`)))
        }),
    }
  }

  redeye(args: readonly string[], options: Options = {}): Promise<Ended> {
    return this.start(args, options).ended
  }

  /** What the vendor billed to everybody so far, USD. */
  async billed(): Promise<number> {
    return Number((await this.emulator.bill()).usd)
  }

  /** How often anything was bought at the vendor. */
  async purchases(): Promise<number> {
    return (await this.emulator.log()).purchases.length
  }
}

/** The last line of stdout, which is JSON where a command was asked for it. */
export const lastJson = ({ stdout }: Ended) => JSON.parse(stdout.trimEnd().split('\n').at(-1) ?? '')
