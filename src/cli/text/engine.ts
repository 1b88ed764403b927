import type { EngineEconomy, EngineMeasured, EngineStep } from '../../index.ts'
import { columns } from './columns.ts'
import { count, some } from './figures.ts'

export const stepText = ({ concurrency, inputPerSecond, outputPerSecond }: EngineStep): string =>
  `${String(concurrency).padStart(4)} at once: ${rate(outputPerSecond)} tokens of answers a second, ${rate(inputPerSecond)} of prompts`

export function measuredText({ baseUrl, model, best, others, ended, economy }: EngineMeasured): string {
  const found =
    best === null
      ? `${model} at ${baseUrl}: nothing was measured, ${ended.text}.`
      : `${model} at ${baseUrl}: ${rate(best.outputPerSecond)} tokens of answers a second with ${some(best.concurrency, 'request')} at once. It ended there: ${ended.text}.`
  return [
    found,
    ...(others === null || others === 0
      ? []
      : [`${some(others, 'request')} of others ran when it began; the figures are what was left beside them.`]),
    ...(best === null || ended.why === 'flat' ? [] : ['More may be in it than was seen.']),
    ...(best === null ? [] : [`In the config of its account: tokensPerSecond: ${Math.floor(best.outputPerSecond)}`]),
    ...(economy === null ? [] : ['', ...economyText(economy)]),
  ].join('\n')
}

function economyText({ usdPerHour, usdPerMillion, outputShare, compared }: EngineEconomy): string[] {
  const rows = compared.map(({ lane, model, usdPerMillion: there, breakEven }) => [
    lane,
    model,
    perMillion(there),
    `${Math.ceil(breakEven * 100)} % busy${breakEven > 1 ? ', so never' : ''}`,
  ])
  return [
    `At ${usdPerHour} USD an hour and full use a million tokens cost ${perMillion(usdPerMillion)} USD, ${Math.round(outputShare * 100)} % of them answers.`,
    'The same tokens in batches, USD a million, and how busy the engine has to be to cost no more:',
    ...columns(['lane', 'model', 'batch ', 'breaks even'], rows),
  ]
}

const rate = (perSecond: number): string => (perSecond < 10 ? perSecond.toPrecision(2) : count(Math.round(perSecond)))

const perMillion = (usd: number): string => (usd >= 0.1 ? usd.toFixed(2) : usd.toPrecision(2))
