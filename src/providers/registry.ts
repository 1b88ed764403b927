import { anthropic } from './anthropic/index.ts'
import type { BatchLane, Provider } from './contract.ts'
import { gemini } from './gemini/index.ts'
import { mistral } from './mistral/index.ts'
import { compatible } from './openai/compatible.ts'
import { openai } from './openai/index.ts'
import { own } from './openai/own.ts'
import { together } from './together/index.ts'
import { vertex } from './vertex/index.ts'
import { xai } from './xai/index.ts'

/** Every vendor we speak to, by name. A new one is a folder and a line here. */
export const providers: Readonly<Record<string, Provider>> = {
  openai,
  anthropic,
  gemini,
  vertex,
  ...compatible,
  mistral,
  together,
  xai,
  own,
}

/** Those that sell a batch lane. */
export const batchLanes: readonly { readonly name: string; readonly provider: Provider; readonly batch: BatchLane }[] =
  Object.values<Provider>(providers).flatMap((provider) =>
    provider.batch ? [{ name: provider.name, provider, batch: provider.batch }] : [],
  )
