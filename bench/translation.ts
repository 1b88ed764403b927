import type { ChatDialect } from '../src/dialects/translation.ts'
import { translateRows } from '../src/engine/rows/translate-rows.ts'

/** Request bodies from one dialect to another, bytes to bytes as a worker does it: MB of input a second on one core. */

const blockBytes = 1 << 20
const seconds = 2
const words = 'The chair by the window is made of wood, and the lamp beside it of paper. '

const chat = (...messages: object[]) => ({ model: 'gpt-5.4-mini', max_tokens: 256, messages })
const turns = Array.from({ length: 5 }, (_, turn) => [
  { role: 'user', content: words.repeat(6) },
  {
    role: 'assistant',
    content: null,
    tool_calls: [
      { id: `call_${turn}`, type: 'function', function: { name: 'look', arguments: '{"at":"the \\"lamp\\""}' } },
    ],
  },
  { role: 'tool', tool_call_id: `call_${turn}`, content: words.repeat(3) },
])
const look = {
  name: 'look',
  description: words,
  parameters: { type: 'object', properties: { at: { type: 'string' } }, required: ['at'] },
}

const prompt = { role: 'user', content: words.repeat(12) }
const bodies: Readonly<Record<string, { readonly dialect: ChatDialect; readonly body: object }>> = {
  'a prompt of 1 KB': {
    dialect: 'openai-chat',
    body: chat({ role: 'system', content: 'You are a careful labeller.' }, prompt),
  },
  'five turns with a tool': {
    dialect: 'openai-chat',
    body: {
      ...chat(...turns.flat(), { role: 'user', content: 'And now?' }),
      tools: [{ type: 'function', function: look }],
    },
  },
  "a prompt of 1 KB in Anthropic's words": {
    dialect: 'anthropic',
    body: { model: 'claude-haiku-4-5', max_tokens: 256, system: 'You are a careful labeller.', messages: [prompt] },
  },
}
const models = { 'openai-chat': 'gpt-5.4-mini', anthropic: 'claude-haiku-4-5', gemini: 'gemini-3.5-flash' } as const

export function benchTranslation(): void {
  console.log('\nTranslation of request bodies, one core\n')
  console.log('| | from | to | MB/s |\n|---|---|---|---:|')
  for (const [name, { dialect, body }] of Object.entries(bodies)) {
    for (const to of Object.keys(models) as (keyof typeof models)[]) {
      if (to !== dialect) console.log(`| ${name} | ${dialect} | ${to} | ${speedOf(dialect, to, body).toFixed(0)} |`)
    }
  }
}

function speedOf(from: ChatDialect, to: keyof typeof models, body: object): number {
  const one = Buffer.from(JSON.stringify(body))
  const rows = Math.ceil(blockBytes / one.length)
  const block = Buffer.concat(Array.from({ length: rows }, () => one))
  const buffer = block.buffer.slice(block.byteOffset, block.byteOffset + block.length) as ArrayBuffer
  const lengths = new Uint32Array(rows).fill(one.length)
  const pass = (): void => {
    const options = { model: models[to] }
    const { problems } = translateRows({ buffer, lengths, from, to, namesModel: true, options })
    if (problems[0] !== undefined) throw new Error(problems[0].message)
  }
  for (let warmUp = 0; warmUp < 20; warmUp++) pass()
  let passes = 0
  const started = process.cpuUsage()
  const spent = (): number => process.cpuUsage(started).user / 1e6
  for (; spent() < seconds; passes++) pass()
  return (passes * block.length) / 1e6 / spent()
}

if (import.meta.main) benchTranslation()
