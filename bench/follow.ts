import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { open } from '../src/index.ts'
import type { ShardRow, SubmissionRow } from '../src/stores/contract.ts'
import { openSqliteStore } from '../src/stores/sql/sqlite.ts'

/** What it takes one worker to follow many submissions that are open at a vendor, and do not end. */

const root = resolve(import.meta.dirname, '..')
const MINUTE = 60_000

interface FollowOptions {
  /** Open submissions, in so many jobs. */
  readonly open?: number
  readonly jobs?: number
  /** Of them, by minute, those whose counts move on. */
  readonly share?: number
  /** Measured, after the worker has been at it for `warmUp`. */
  readonly seconds?: number
  readonly warmUp?: number
  /** Jobs with a deadline, which a policy steers. */
  readonly steered?: boolean
  readonly dir?: string
}

export async function benchFollow({
  open = 10_000,
  jobs = 20,
  share = 0.1,
  seconds = 120,
  warmUp = 30,
  steered = false,
  dir = tmpdir(),
}: FollowOptions = {}): Promise<void> {
  const work = mkdtempSync(join(dir, 'redeye-bench-follow-'))
  const port = await freePort()
  const env = { OPENAI_API_KEY: 'sk-bench', OPENAI_BASE_URL: `http://127.0.0.1:${port}/v1` }
  const home = join(work, 'home')
  await prepare({ home, env, open, jobs, steered })
  const farArgs = [join(root, 'bench/yardsticks/open-batches.mjs'), String(port), String(open), String(share)]
  const far = spawn(process.execPath, farArgs, { stdio: 'ignore' })
  const worker = spawn(process.execPath, [join(root, 'dist/cli/main.js'), 'worker', '--home', home], {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'ignore', 'inherit'],
  })
  try {
    await sleep(warmUp * 1000)
    const before = cpuSeconds(worker)
    const asked = await statsOf(port)
    await sleep(seconds * 1000)
    const cpu = cpuSeconds(worker) - before
    const after = await statsOf(port)
    const kind = steered ? 'with a deadline' : 'without a deadline'
    console.log(
      `\n${open.toLocaleString('en')} open submissions in ${jobs} jobs ${kind}, ${share * 100} % of them moving each minute:` +
        `\n${((100 * cpu) / seconds).toFixed(1)} % of a core over ${seconds} s, peak RSS ${peakMb(worker).toFixed(0)} MB,` +
        ` ${after.lists - asked.lists} pages listed, ${after.polls - asked.polls} polled by id`,
    )
    if (worker.exitCode !== null) throw new Error(`The worker ended with ${worker.exitCode}.`)
  } finally {
    worker.kill('SIGTERM')
    await once(worker, 'exit')
    far.kill('SIGKILL')
    rmSync(work, { recursive: true, force: true })
  }
}

/** Jobs as a user makes them, and all of their shards as if they had been bought a while ago. */
async function prepare({
  home,
  env,
  open: count,
  jobs,
  steered,
}: {
  home: string
  env: Record<string, string>
  open: number
  jobs: number
  steered: boolean
}): Promise<void> {
  const redeye = await open({ home, env })
  const each = Math.ceil(count / jobs)
  for (let first = 0; first < count; first += each) {
    const lines = Array.from({ length: Math.min(each, count - first) }, (_, at) => ({
      custom_id: `q-${first + at}`,
      method: 'POST' as const,
      url: '/v1/chat/completions',
      body: { model: 'gpt-5.4-mini', messages: [{ role: 'user', content: `Number ${first + at}?` }] },
    }))
    const by = steered ? { by: new Date(Date.now() + 20 * 60 * MINUTE) } : {}
    await redeye.submit(lines, { shardRequests: 1, preflight: false, ...by })
  }
  await redeye.close()
  const store = await openSqliteStore(home)
  let number = 0
  for (const job of await store.jobs()) {
    const shards = await store.shards(job.id)
    const ok = await store.commit({
      job: { id: job.id, from: job.state, set: { state: 'flying' } },
      shards: shards.map(({ id, state }) => ({
        id,
        from: state,
        set: { state: 'flying', wakeAt: Date.now() + Math.random() * MINUTE },
      })),
      insertSubmissions: shards.map((shard) => openSubmission(shard, number++, steered ? MINUTE : 60 * MINUTE)),
    })
    if (!ok) throw new Error(`${job.id} could not be prepared.`)
  }
  await store.close()
}

/** @param age  a policy would soon cancel what is old */
function openSubmission(shard: ShardRow, number: number, age: number): SubmissionRow {
  const boughtAt = Date.now() - age
  return {
    id: `sub_${number}`,
    jobId: shard.jobId,
    shardId: shard.id,
    accountId: shard.accountId,
    lane: shard.lane,
    model: shard.model,
    purchase: 0,
    key: `key${number}`,
    state: 'open',
    vendorState: 'in_progress',
    remoteId: `batch_${String(number).padStart(6, '0')}aaaaaaaaaaaaaaaaaaaaaaaaaa`,
    fileId: `file-${number}`,
    rows: shard.count,
    worstNanoUsd: null,
    inputs: shard.inputs,
    tokens: shard.tokens,
    bytes: shard.bytes,
    sentAt: boughtAt,
    sendBy: boughtAt,
    createdAt: boughtAt,
    openedAt: boughtAt,
    endedAt: null,
    settledAt: null,
    collectBy: boughtAt + 30 * 24 * 60 * MINUTE,
    counts: { total: 1000, completed: 0, failed: 0 },
    collected: null,
    progress: null,
    cancelWanted: false,
    abandoned: false,
    duplicate: false,
    error: null,
  }
}

/** User and system time of a process so far. */
function cpuSeconds({ pid }: ChildProcess): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return (Number(fields[11]) + Number(fields[12])) / 100
}

function peakMb({ pid }: ChildProcess): number {
  const [, kb] = /VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? []
  return (Number(kb) * 1024) / 1e6
}

async function statsOf(port: number): Promise<{ lists: number; polls: number }> {
  return (await (await fetch(`http://127.0.0.1:${port}/stats`)).json()) as { lists: number; polls: number }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as { port: number }
  await new Promise((done) => server.close(done))
  return port
}

if (import.meta.main) {
  const { values } = parseArgs({
    options: {
      open: { type: 'string', default: '10000' },
      jobs: { type: 'string', default: '20' },
      share: { type: 'string', default: '0.1' },
      seconds: { type: 'string', default: '120' },
      'warm-up': { type: 'string', default: '30' },
      deadline: { type: 'boolean', default: false },
    },
  })
  await benchFollow({
    open: Number(values.open),
    jobs: Number(values.jobs),
    share: Number(values.share),
    seconds: Number(values.seconds),
    warmUp: Number(values['warm-up']),
    steered: values.deadline,
  })
}
