import type { Limits } from '../../domain/limits.ts'
import { DAY } from '../../kit/clock.ts'
import type { Provider } from '../contract.ts'
import { type FileVendor, fileLane, olderNames } from '../file-lane/lane.ts'
import { limits } from './limits.ts'
import { wire } from './wire.ts'

/** A vendor that the official SDK of OpenAI can be pointed at, and where that was read. */
interface Compatible extends Omit<FileVendor, 'limits' | 'wire' | 'baseUrlVariable'> {
  readonly apiKey: readonly string[]
  /** The first one is named in errors. */
  readonly baseUrl: readonly string[]
  readonly baseUrlDefault: string
  readonly limits?: Partial<Limits>
  /** Of the standard price, by the vendor's own page; what a model costs is not in the catalogue. */
  readonly discount: string
  readonly source: string
}

/** What holds where a vendor publishes no figure of its own: OpenAI's shapes, and none of OpenAI's quotas. */
const unpublished = {
  createsPerHourMax: null,
  uploadsPerMinuteMax: null,
  inputsMax: null,
  enqueuedTokensMax: () => null,
  enqueuedRequestsMax: () => null,
  endpoints: ['/v1/chat/completions'],
  files: undefined,
} satisfies Partial<Limits>

/**
 * Every vendor that speaks OpenAI's files and batches, by the name it has in `vendor/model`. All are looked up by the
 * input file, which each purchase has of its own. That metadata comes back is relied on where the vendor's page says so.
 */
export const compatibles: Readonly<Record<string, Compatible>> = {
  azure: {
    label: 'Azure OpenAI',
    mark: 'metadata',
    apiKey: ['AZURE_OPENAI_API_KEY'],
    baseUrl: ['AZURE_OPENAI_ENDPOINT'],
    baseUrlDefault: '', // https://{resource}.openai.azure.com: everybody has a host of their own
    basePath: '/openai/v1',
    authorize: (apiKey) => ({ 'api-key': apiKey }),
    limits: { endpoints: ['/v1/responses', '/v1/chat/completions', '/v1/embeddings'] },
    discount: '50 %',
    source: 'https://learn.microsoft.com/en-us/azure/ai-foundry/openai/how-to/batch',
  },
  groq: {
    label: 'Groq',
    mark: 'file',
    apiKey: ['GROQ_API_KEY'],
    baseUrl: ['GROQ_BASE_URL'],
    baseUrlDefault: 'https://api.groq.com',
    basePath: '/openai/v1',
    discount: '50 %',
    source: 'https://console.groq.com/docs/batch',
  },
  dashscope: {
    label: 'DashScope',
    mark: 'file',
    apiKey: ['DASHSCOPE_API_KEY'],
    baseUrl: ['DASHSCOPE_BASE_URL'],
    baseUrlDefault: 'https://dashscope-intl.aliyuncs.com/compatible-mode/v1',
    limits: { fileBytesMax: 490_000_000 },
    discount: '50 %',
    source: 'https://www.alibabacloud.com/help/en/model-studio/batch-inference',
  },
  doubleword: {
    label: 'Doubleword',
    mark: 'file',
    apiKey: ['DOUBLEWORD_API_KEY'],
    baseUrl: ['DOUBLEWORD_BASE_URL'],
    baseUrlDefault: 'https://api.doubleword.ai/v1',
    limits: { endpoints: ['/v1/chat/completions', '/v1/embeddings'] },
    discount: '50 to 90 %, as it says itself',
    source: 'https://docs.doubleword.ai',
  },
  moonshot: {
    label: 'Moonshot',
    mark: 'file',
    apiKey: ['MOONSHOT_API_KEY'],
    baseUrl: ['MOONSHOT_BASE_URL'],
    baseUrlDefault: 'https://api.moonshot.ai/v1',
    discount: '50 %, not confirmed',
    source: 'https://platform.moonshot.ai/docs',
  },
  deepinfra: {
    label: 'DeepInfra',
    mark: 'file',
    renames: olderNames,
    apiKey: ['DEEPINFRA_API_KEY', 'DEEPINFRA_TOKEN'],
    baseUrl: ['DEEPINFRA_BASE_URL'],
    baseUrlDefault: 'https://api.deepinfra.com/v1/openai',
    limits: { endpoints: ['/v1/chat/completions', '/v1/embeddings'] },
    discount: '20 %',
    source: 'https://deepinfra.com/blog/batch-api',
  },
  siliconflow: {
    label: 'SiliconFlow',
    mark: 'file',
    renames: olderNames,
    apiKey: ['SILICONFLOW_API_KEY'],
    baseUrl: ['SILICONFLOW_BASE_URL'],
    baseUrlDefault: 'https://api.siliconflow.cn/v1',
    limits: { rowsMax: 5_000, fileBytesMax: 980_000_000, collectWithinMs: 29 * DAY },
    discount: '50 %',
    source: 'https://docs.siliconflow.cn/en/userguide/guides/batch',
  },
}

/** The table's rows as providers. */
export const compatible: Readonly<Record<string, Provider>> = Object.fromEntries(
  Object.entries(compatibles).map(([name, row]) => [name, providerOf(name, row)]),
)

function providerOf(
  name: string,
  { apiKey, baseUrl, baseUrlDefault, limits: own, discount, ...row }: Compatible,
): Provider {
  const lane = fileLane({
    ...row,
    wire,
    limits: { ...limits, ...unpublished, ...own },
    baseUrlVariable: baseUrl[0] ?? '',
  })
  return { name, ...lane, discount, environment: { apiKey, baseUrl, baseUrlDefault }, headersFrom: () => ({}) }
}
