import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { execute } from '../../src/executor/execute.ts'
import { clockAt } from '../../src/kit/clock.ts'
import { openHttp } from '../../src/kit/http.ts'
import { openai } from '../../src/providers/openai/index.ts'

/** One run in a process of its own, which the test kills: crash-child.ts URL FOLDER ROWS CONCURRENCY */
const [, , url = '', folder = '', count = '', concurrency = ''] = process.argv
const earlier = readdirSync(folder)
  .toSorted()
  .map((name) => join(folder, name))
const clock = clockAt(1)
const http = openHttp({ clock })

async function* rows() {
  for (let row = 0; row < Number(count); row++) {
    const body = Buffer.from(JSON.stringify({ model: 'm', messages: [{ role: 'user', content: `r${row}` }] }))
    yield { row, body, endpoint: '/v1/chat/completions', model: 'm', inputTokens: 100, outputMax: 1000 }
  }
}

const run = execute({
  lane: openai.sync.standard,
  call: { baseUrl: url, apiKey: 'sk-test', headers: {}, http, clock },
  idOf: (row) => `abcdefghijklmnopqrst-${String(row).padStart(7, '0')}`,
  source: rows(),
  journal: join(folder, String(earlier.length).padStart(4, '0')),
  earlier,
  concurrency: { start: Number(concurrency), max: Number(concurrency) },
})
for (;;) {
  const { done, value } = await run.next()
  if (!done) continue
  console.log(JSON.stringify(value))
  break
}
await http.close()
