// reword.mjs <anthropic|gemini> <in.jsonl> <out.jsonl> — what gen.mjs wrote, as lines of the vendor's own batch API.
import { createReadStream, createWriteStream } from 'node:fs'
import { createInterface } from 'node:readline'
import { pipeline } from 'node:stream/promises'

const [, , vendor, from, to] = process.argv
const reword = {
  anthropic: (id, body) => ({ custom_id: id, params: { model: 'claude-haiku-4-5', max_tokens: body.max_tokens, system: body.messages[0].content, messages: body.messages.slice(1) } }),
  gemini: (id, body) => ({ key: id, request: { systemInstruction: { parts: [{ text: body.messages[0].content }] }, contents: [{ role: 'user', parts: [{ text: body.messages[1].content }] }], generationConfig: { maxOutputTokens: body.max_tokens } } }),
}[vendor]
async function* lines() {
  let block = ''
  for await (const line of createInterface({ input: createReadStream(from, { highWaterMark: 1 << 20 }) })) {
    const { custom_id: id, body } = JSON.parse(line)
    block += `${JSON.stringify(reword(id, body))}\n`
    if (block.length > 1 << 20) { yield block; block = '' }
  }
  yield block
}
await pipeline(lines, createWriteStream(to))
