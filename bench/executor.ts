import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'

/** Chat requests one by one at 64 in flight: Redeye's executor, journal on the disk, beside the official client. */

const root = resolve(import.meta.dirname, '..')
const yardstick = (name: string): string => join(root, 'bench', 'yardsticks', `${name}.mjs`)
const concurrency = 64

interface Figures {
  readonly seconds: number
  /** Of the whole process, its start included. */
  readonly cpuSeconds: number
  readonly peakMb: number
}

export async function benchExecutor({ runs = 3, requests = 50_000, dir = tmpdir() } = {}): Promise<void> {
  const work = mkdtempSync(join(dir, 'redeye-bench-executor-'))
  const port = await freePort()
  const far = spawn(process.execPath, [yardstick('mock'), String(port), join(work, 'far')], { stdio: 'ignore' })
  try {
    await listening(port)
    const figures = { redeye: [] as Figures[], 'openai-node': [] as Figures[] }
    for (let run = 0; run < runs; run++) {
      figures.redeye.push(await measured('executor-chat', [port, requests, concurrency, join(work, `journal-${run}`)]))
      figures['openai-node'].push(await measured('sdk-chat', [port, requests, concurrency]))
    }
    console.log(
      `\n${requests.toLocaleString('en')} chat requests one by one, ${concurrency} in flight, median of ${runs}\n`,
    )
    console.log('| | requests/s | CPU µs/request | peak RSS MB |\n|---|---:|---:|---:|')
    const perSecond = Object.entries(figures).map(([name, list]) => {
      const rate = requests / middle(list.map(({ seconds }) => seconds))
      const cpu = (middle(list.map(({ cpuSeconds }) => cpuSeconds)) * 1e6) / requests
      const peak = middle(list.map(({ peakMb }) => peakMb))
      console.log(`| ${name} | ${rate.toFixed(0)} | ${cpu.toFixed(0)} | ${peak.toFixed(0)} |`)
      return rate
    })
    console.log(`\nratio ${((perSecond[0] as number) / (perSecond[1] as number)).toFixed(1)}x`)
  } finally {
    far.kill('SIGKILL')
    rmSync(work, { recursive: true, force: true })
  }
}

async function measured(script: string, args: readonly (string | number)[]): Promise<Figures> {
  const child = spawn(process.execPath, [yardstick(script), ...args.map(String)], {
    cwd: root,
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  let out = ''
  child.stdout.on('data', (chunk) => (out += chunk))
  const [code] = (await once(child, 'close')) as [number | null]
  if (code !== 0) throw new Error(`${script} ended with ${code}`)
  return JSON.parse(out) as Figures
}

const middle = (list: readonly number[]): number =>
  list.toSorted((a, b) => a - b)[Math.floor(list.length / 2)] as number

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as { port: number }
  await new Promise((done) => server.close(done))
  return port
}

async function listening(port: number): Promise<void> {
  for (let tries = 0; tries < 200; tries++) {
    const ok = await fetch(`http://127.0.0.1:${port}/stats`).then(
      ({ ok }) => ok,
      () => false,
    )
    if (ok) return
    await new Promise((done) => setTimeout(done, 50))
  }
  throw new Error(`The far end does not listen on ${port}.`)
}

if (import.meta.main) await benchExecutor()
