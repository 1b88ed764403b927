import type { Trial } from '../../index.ts'
import { count, money } from './figures.ts'
import { quoteText } from './quote.ts'

const PROMPT_MAX = 300
const ANSWER_MAX = 1000

/** What came of the first requests, and what all of them would cost. */
export function trialText({ job, requests, quote }: Trial, now: number): string {
  const paid = requests.reduce((sum, { usd }) => sum + Number(usd ?? 0), 0)
  return [
    ...requests.map(requestText),
    `These ${requests.length} cost ${money(String(paid))} USD, as ${job}; the same input flown with the same options does not buy them again.`,
    '',
    'All of it:',
    '',
    quoteText(quote, now),
  ].join('\n')
}

function requestText({ id, model, prompt, answer, error, tokens, seconds, usd }: Trial['requests'][number]): string {
  const kinds = Object.entries(tokens)
    .filter(([, number]) => number > 0)
    .map(([kind, number]) => `${count(number)} ${kind}`)
  const facts = [
    model,
    kinds.join(' + ') || 'no tokens',
    ...(seconds === null ? [] : [`${seconds.toFixed(1)} s`]),
    ...(usd === null ? [] : [`${money(usd)} USD`]),
  ]
  const said = answer === null ? '' : typeof answer === 'string' ? answer : JSON.stringify(answer)
  return [
    `── ${id} · ${facts.join(' · ')}`,
    `  asked:  ${short(prompt, PROMPT_MAX)}`,
    ...(said === '' ? [] : [`  answer: ${short(said, ANSWER_MAX)}`]),
    ...(error === null ? [] : [`  error:  ${short(error, ANSWER_MAX)}`]),
    '',
  ].join('\n')
}

const short = (text: string, most: number): string => {
  const line = text.replace(/\s+/g, ' ').trim()
  return line.length <= most ? line : `${line.slice(0, most)} … (${count(line.length)} characters)`
}
