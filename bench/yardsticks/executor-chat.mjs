// executor-chat.mjs PORT N CONCURRENCY JOURNAL: the same requests on Redeye's executor, journal on the disk.
import { execute } from '../../dist/executor/execute.js'
import { clockAt } from '../../dist/kit/clock.js'
import { boundYoungSpace } from '../../dist/kit/young-space.js'
import { openai } from '../../dist/providers/openai/index.js'

const [, , port, count, concurrency, journal] = process.argv
boundYoungSpace(32)
const content = 'x'.repeat(900)
const clock = clockAt(1)

async function* source() {
  for (let row = 0; row < Number(count); row++) {
    const body = Buffer.from(
      `{"model":"gpt-5-mini","messages":[{"role":"user","content":"${row} ${content}"}]}`,
    )
    yield { row, body, endpoint: '/v1/chat/completions', model: 'gpt-5-mini', inputTokens: 300, outputMax: 1000 }
  }
}

const started = performance.now()
const run = execute({
  lane: openai.sync.standard,
  call: { baseUrl: `http://127.0.0.1:${port}/v1`, apiKey: 'sk-bench', headers: {}, clock },
  idOf: (row) => `benchbenchbenchbench-${String(row).padStart(7, '0')}`,
  source: source(),
  journal,
  concurrency: { start: Number(concurrency), max: Number(concurrency) },
})
for (;;) {
  const { done, value } = await run.next()
  if (!done) continue
  if (value.kind !== 'finished' || value.progress.succeeded !== Number(count)) throw new Error(JSON.stringify(value))
  break
}

const { user, system } = process.cpuUsage()
console.log(
  JSON.stringify({
    seconds: (performance.now() - started) / 1000,
    cpuSeconds: (user + system) / 1e6,
    peakMb: process.resourceUsage().maxRSS / 1000,
  }),
)
