// sdk-chat.mjs PORT N CONCURRENCY: chat requests one by one with the official client, answers kept in memory.
import OpenAI from 'openai'

const [, , port, count, concurrency] = process.argv
const client = new OpenAI({ baseURL: `http://127.0.0.1:${port}/v1`, apiKey: 'sk-bench', maxRetries: 0 })
const content = 'x'.repeat(900)
const answers = []
let next = 0
const started = performance.now()
await Promise.all(
  Array.from({ length: Number(concurrency) }, async () => {
    while (next < Number(count)) {
      const row = next++
      const messages = [{ role: 'user', content: `${row} ${content}` }]
      answers[row] = (
        await client.chat.completions.create({ model: 'gpt-5-mini', messages })
      ).choices[0].message.content
    }
  }),
)
if (answers.length !== Number(count)) throw new Error(`${answers.length} answers`)

const { user, system } = process.cpuUsage()
console.log(
  JSON.stringify({
    seconds: (performance.now() - started) / 1000,
    cpuSeconds: (user + system) / 1e6,
    peakMb: process.resourceUsage().maxRSS / 1000,
  }),
)
