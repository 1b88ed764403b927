// A file of questions, answered at half price. With OPENAI_API_KEY it flies for real; or try it on emulated vendors:
//   redeye emulate --speed 3600   and export what it prints
import { open } from 'redeye'

const questions = [{ text: 'Where is my card?' }, { text: 'How do I close my account?' }]
const schema = { type: 'object', properties: { topic: { enum: ['card', 'account'] } }, required: ['topic'] }

await using redeye = await open()
const job = await redeye.submit(questions, { prompt: 'What is this about? {{text}}', model: 'gpt-4.1-mini', schema })
for await (const { row, answer } of job.results<{ topic: string }>()) console.log(row?.text, '→', answer?.topic)
console.log(`Charged ${(await job.receipt()).usd.charged} USD.`)
