import type { Usage } from '../../domain/usage.ts'
import { field, type Row, split, text, time, tokens } from '../fields.ts'
import { promptIn, templateIn } from '../prompt.ts'
import { has, type Shape } from './shape.ts'

/** The table `LiteLLM_SpendLogs`, as `/spend/logs` answers it or as a database exports it. */
export const litellm: Shape = {
  name: 'litellm',
  label: 'LiteLLM spend logs',
  wants: ['request_id', 'call_type', 'startTime', 'model', 'prompt_tokens', 'completion_tokens'],
  knows: (row) => has(row, 'startTime', 'model', 'prompt_tokens', 'completion_tokens'),
  read(row) {
    const metadata = field(row, 'metadata')
    if (/^fail/i.test(text(row, 'status') || text(metadata, 'status'))) return { passedOver: 'failed' }
    if (/^true$/i.test(text(row, 'cache_hit'))) return { passedOver: 'answered by a cache of the gateway' }
    const prompt = promptIn(row['messages'] ?? row['proxy_server_request'])
    return {
      at: time(row, 'startTime'),
      widthMs: 0,
      requests: 1,
      vendor: text(row, 'custom_llm_provider'),
      model: text(row, 'model', 'model_group'),
      tier: /batch/.test(text(row, 'call_type'))
        ? 'batch'
        : text(field(metadata, 'usage_object'), 'service_tier') || text(metadata, 'service_tier'),
      usage: usageOf(row, metadata),
      key: text(metadata, 'user_api_key_alias', 'user_api_key_team_alias') || text(row, 'team_id', 'api_key'),
      user: text(row, 'end_user'),
      session: text(row, 'session_id'),
      template: text(row, 'request_tags') || templateIn(prompt),
      ...(prompt === '' ? {} : { prompt }),
    }
  },
}

/** Its prompt tokens hold what was read from and written to a cache, whoever the vendor was. */
function usageOf(row: Row, metadata: Row): Usage {
  const usage = field(metadata, 'usage_object')
  const more = field(metadata, 'additional_usage_values')
  const details = { ...field(usage, 'prompt_tokens_details'), ...field(more, 'prompt_tokens_details') }
  const cached =
    tokens(details, 'cached_tokens') ||
    tokens(more, 'cache_read_input_tokens') ||
    tokens(usage, 'cache_read_input_tokens')
  const written = tokens(more, 'cache_creation_input_tokens') || tokens(usage, 'cache_creation_input_tokens')
  return {
    ...split(tokens(row, 'prompt_tokens'), cached, written),
    cacheWriteDefault: written,
    output: tokens(row, 'completion_tokens'),
  }
}
