import { DAY } from '../../kit/clock.ts'
import { type Row, text, time, tokens } from '../fields.ts'
import { has, type Shape } from './shape.ts'

/**
 * The usage export of the dashboard (CSV), and the usage report of the API: calls of a minute, an hour or a day
 * together. Fields after developers.openai.com, "Completions usage object", 2026-11.
 */
export const openaiUsage: Shape = {
  name: 'openai-usage',
  label: 'OpenAI usage export or usage report',
  wants: ['start_time', 'end_time', 'model', 'input_tokens', 'num_model_requests'],
  knows: (row) => has(row, 'start_time', 'input_tokens', 'num_model_requests'),
  read(row) {
    const requests = tokens(row, 'num_model_requests')
    if (requests === 0 && tokens(row, 'input_tokens') === 0) return { passedOver: 'without any use' }
    const at = time(row, 'start_time', 'start_time_iso')
    const until = time(row, 'end_time', 'end_time_iso')
    return {
      at,
      widthMs: Number.isNaN(until) ? DAY : until - at,
      requests,
      vendor: 'openai',
      model: text(row, 'model'),
      tier: /^true$/i.test(text(row, 'batch')) ? 'batch' : text(row, 'service_tier'),
      usage: usageOf(row),
      key: text(row, 'api_key_name', 'api_key_id', 'project_name', 'project_id'),
      user: text(row, 'user_id'),
      session: '',
      template: '',
    }
  },
}

/** Its input holds what was read from and written to the cache. */
function usageOf(row: Row) {
  const cached = tokens(row, 'input_cached_tokens')
  const written = tokens(row, 'input_cache_write_tokens')
  return {
    input: Math.max(0, tokens(row, 'input_tokens') - cached - written),
    cachedInput: cached,
    cacheWriteDefault: written,
    output: tokens(row, 'output_tokens'),
  }
}
