import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statfsSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { benchExecutor } from './executor.ts'
import { benchFollow } from './follow.ts'
import { benchTranslation } from './translation.ts'

// How fast, and in how much memory, a file of requests goes out, is answered and comes back in order: Redeye beside
// three yardsticks in one session, since only their ratios mean something on a shared machine.
const { values } = parseArgs({
  options: {
    requests: { type: 'string', default: '1000000' },
    bytes: { type: 'string', default: '1024' },
    runs: { type: 'string', default: '3' },
    /** Also ten times as many, Redeye alone: how time and memory grow. */
    ten: { type: 'boolean', default: false },
    only: { type: 'string' },
    dir: { type: 'string', default: tmpdir() },
  },
})

const root = resolve(import.meta.dirname, '..')
const yardstick = (name: string): string => join(root, 'bench', 'yardsticks', `${name}.mjs`)
const requests = Number(values.requests)
const size = Number(values.bytes)
const runs = Number(values.runs)
const dir = mkdtempSync(join(values.dir, 'redeye-bench-'))

interface Figures {
  readonly seconds: number
  readonly cpuSeconds: number
  readonly peakMb: number
}

interface Contender {
  readonly args: string[]
  readonly env?: Record<string, string>
  /** Default: OpenAI's. */
  readonly farEnd?: 'anthropic' | 'gemini'
  /** It flies the far end's own lines, which are made of the input once. */
  readonly reworded?: boolean
}

/** These far ends answer no single calls, which would go ahead of the job and be waited for. */
const inBulk = ['--no-preflight'] as const
const atAnthropic = (input: string, port: number, work: string): Contender => ({
  args: run(input, work, ...inBulk, '--model', 'claude-haiku-4-5'),
  env: { ANTHROPIC_API_KEY: 'sk-ant-bench', ANTHROPIC_BASE_URL: `http://127.0.0.1:${port}` },
  farEnd: 'anthropic',
})
const atGemini = (input: string, port: number, work: string): Contender => ({
  args: run(input, work, ...inBulk, '--model', 'gemini/gemini-3.5-flash'),
  env: { GEMINI_API_KEY: 'bench', GOOGLE_GEMINI_BASE_URL: `http://127.0.0.1:${port}` },
  farEnd: 'gemini',
})

/** A job of ours, as a user starts it. */
const run = (input: string, work: string, ...more: string[]): string[] => [
  join(root, 'dist/cli/main.js'),
  'run',
  input,
  '-o',
  join(work, 'out.jsonl'),
  '--yes',
  '--home',
  join(work, 'home'),
  ...more,
]

const contenders: Record<string, (input: string, port: number, work: string) => Contender> = {
  redeye: (input, port, work) => ({
    args: run(input, work),
    env: { OPENAI_API_KEY: 'sk-bench', OPENAI_BASE_URL: `http://127.0.0.1:${port}/v1` },
  }),
  // The same requests in the vendor's own lines.
  'redeye-anthropic': (input, port, work) => ({ ...atAnthropic(`${input}.anthropic`, port, work), reworded: true }),
  'redeye-gemini': (input, port, work) => ({ ...atGemini(`${input}.gemini`, port, work), reworded: true }),
  // The very file: requests and answers are translated on the way.
  'translated-anthropic': (input, port, work) => atAnthropic(input, port, work),
  'translated-gemini': (input, port, work) => atGemini(input, port, work),
  stream: (input, port, work) => ({ args: [yardstick('stream'), input, join(work, 'out.jsonl'), String(port)] }),
  'sdk-stream': (input, port, work) => ({
    args: [yardstick('sdk-stream'), input, join(work, 'out.jsonl'), String(port)],
  }),
  naive: (input, port, work) => ({ args: [yardstick('naive'), input, join(work, 'out.jsonl'), String(port)] }),
}

try {
  await main()
} finally {
  rmSync(dir, { recursive: true, force: true })
}

async function main(): Promise<void> {
  checkDisk(requests * size * 4)
  const input = await generate(requests)
  const names = values.only === undefined ? Object.keys(contenders) : values.only.split(',')
  const figures = new Map<string, Figures[]>(names.map((name) => [name, []]))
  for (let run = 1; run <= runs; run++) {
    for (const name of names) {
      const measured = await race(name, input, run)
      figures.get(name)?.push(measured)
      console.error(
        `run ${run} ${name}: ${measured.seconds.toFixed(1)} s, ${measured.cpuSeconds.toFixed(1)} s CPU, ${measured.peakMb.toFixed(0)} MB`,
      )
    }
  }
  const medians = new Map([...figures].map(([name, list]) => [name, median(list)]))
  printTable(medians)
  await printHelp()
  if (values.only === undefined) await benchExecutor({ runs, dir: values.dir })
  if (values.only === undefined) benchTranslation()
  if (values.only === undefined) await benchFollow({ dir: values.dir })
  if (values.ten) await printGrowth(medians.get('redeye') as Figures)
}

function printTable(medians: ReadonlyMap<string, Figures>): void {
  const own = medians.get('redeye')
  console.log(
    `\n${requests.toLocaleString('en')} requests of ${size} bytes, median of ${runs}, Node ${process.version}\n`,
  )
  console.log('| | wall s | CPU s | peak RSS MB | wall against Redeye |\n|---|---:|---:|---:|---:|')
  for (const [name, { seconds, cpuSeconds, peakMb }] of medians) {
    const ratio = own === undefined ? '' : `${(seconds / own.seconds).toFixed(2)}x`
    console.log(`| ${name} | ${seconds.toFixed(1)} | ${cpuSeconds.toFixed(1)} | ${peakMb.toFixed(0)} | ${ratio} |`)
  }
}

async function printHelp(): Promise<void> {
  const help: number[] = []
  const empty: number[] = []
  for (let run = 0; run < 11; run++) {
    help.push((await timed([join(root, 'dist/cli/main.js'), '--help'])).seconds)
    empty.push((await timed(['-e', '0'])).seconds)
  }
  const [a, b] = [middle(help), middle(empty)]
  console.log(
    `\nredeye --help: ${(a * 1000).toFixed(0)} ms, node -e 0: ${(b * 1000).toFixed(0)} ms, ratio ${(a / b).toFixed(2)}`,
  )
}

async function printGrowth(one: Figures): Promise<void> {
  checkDisk(requests * 10 * size * 4.5)
  const input = await generate(requests * 10)
  const ten = await race('redeye', input, 0)
  console.log(
    `\n${(requests * 10).toLocaleString('en')} requests: ${ten.seconds.toFixed(1)} s, ${ten.peakMb.toFixed(0)} MB`,
  )
  console.log(
    `wall(10x)/wall(1x) ${(ten.seconds / one.seconds).toFixed(2)}, RSS(10x) − RSS(1x) ${(ten.peakMb - one.peakMb).toFixed(0)} MB`,
  )
}

async function generate(count: number): Promise<string> {
  const path = join(dir, `in-${count}.jsonl`)
  console.error(`generating ${count.toLocaleString('en')} requests …`)
  await timed([yardstick('gen'), path, String(count), String(size)])
  return path
}

/** One contender against a far end of its own, in an empty folder. */
async function race(name: string, input: string, run: number): Promise<Figures> {
  const work = join(dir, `${name}-${run}`)
  const port = await freePort()
  const { args, env, farEnd, reworded = false } = (contenders[name] as (typeof contenders)[string])(input, port, work)
  if (farEnd !== undefined && reworded && !existsSync(`${input}.${farEnd}`))
    await timed([yardstick('reword'), farEnd, input, `${input}.${farEnd}`])
  const script = farEnd === undefined ? [yardstick('mock')] : [yardstick('far-ends'), farEnd]
  const far = spawn(process.execPath, [...script, String(port), join(work, 'far')], { stdio: 'ignore' })
  try {
    await listening(port)
    return await timed(args, env)
  } finally {
    far.kill('SIGKILL')
    rmSync(work, { recursive: true, force: true })
  }
}

async function timed(args: readonly string[], env: Record<string, string> = {}): Promise<Figures> {
  const started = performance.now()
  const child = spawn(process.execPath, args, {
    cwd: root,
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const output: Buffer[] = []
  child.stdout.on('data', (chunk: Buffer) => output.push(chunk))
  child.stderr.on('data', (chunk: Buffer) => output.push(chunk))
  let peakMb = 0
  let cpuSeconds = 0
  const sample = setInterval(() => {
    const tree = treeOf(child)
    peakMb = Math.max(peakMb, tree.residentMb)
    cpuSeconds = Math.max(cpuSeconds, tree.cpuSeconds)
  }, 20)
  const code = await new Promise<number | null>((done) => child.on('exit', done))
  clearInterval(sample)
  if (code !== 0)
    throw new Error(`${args.join(' ')} ended with ${code}:\n${Buffer.concat(output).toString().slice(-2000)}`)
  return { seconds: (performance.now() - started) / 1000, cpuSeconds, peakMb }
}

/** Resident memory and CPU of a process and its children, from /proc; zeros elsewhere. */
function treeOf(child: ChildProcess): { residentMb: number; cpuSeconds: number } {
  const parents = new Map<number, number>()
  for (const entry of readProc()) parents.set(entry.pid, entry.parent)
  const isOurs = (pid: number): boolean => pid === child.pid || (parents.has(pid) && isOurs(parents.get(pid) as number))
  let residentMb = 0
  let cpuSeconds = 0
  for (const { pid, resident, ticks } of readProc()) {
    if (!isOurs(pid)) continue
    residentMb += (resident * 4096) / 1e6
    cpuSeconds += ticks / 100
  }
  return { residentMb, cpuSeconds }
}

function* readProc(): Iterable<{ pid: number; parent: number; resident: number; ticks: number }> {
  if (process.platform !== 'linux') return
  for (const name of readdirSync('/proc')) {
    const pid = Number(name)
    if (!Number.isInteger(pid)) continue
    let stat: string
    try {
      stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    } catch {
      continue // it ended meanwhile
    }
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    yield {
      pid,
      parent: Number(fields[1]),
      resident: Number(fields[21]),
      ticks: Number(fields[11]) + Number(fields[12]),
    }
  }
}

function checkDisk(bytes: number): void {
  const { bavail, bsize } = statfsSync(dir)
  if (bavail * bsize < bytes) {
    throw new Error(
      `${dir} has ${((bavail * bsize) / 1e9).toFixed(0)} GB free; this wants about ${(bytes / 1e9).toFixed(0)} GB. Use --dir or fewer --requests.`,
    )
  }
}

function middle(list: readonly number[]): number {
  return [...list].sort((a, b) => a - b)[Math.floor(list.length / 2)] as number
}

function median(list: readonly Figures[]): Figures {
  return {
    seconds: middle(list.map(({ seconds }) => seconds)),
    cpuSeconds: middle(list.map(({ cpuSeconds }) => cpuSeconds)),
    peakMb: middle(list.map(({ peakMb }) => peakMb)),
  }
}

function freePort(): Promise<number> {
  return new Promise((done) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address() as { port: number }
      server.close(() => done(port))
    })
  })
}

async function listening(port: number): Promise<void> {
  for (let tries = 0; tries < 200; tries++) {
    const ok = await fetch(`http://127.0.0.1:${port}/stats`).then(
      (response) => response.ok,
      () => false,
    )
    if (ok) return
    await new Promise((done) => setTimeout(done, 50))
  }
  throw new Error(`The far end does not listen on ${port}.`)
}
