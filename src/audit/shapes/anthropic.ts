import { DAY } from '../../kit/clock.ts'
import { field, type Row, text, time, tokens } from '../fields.ts'
import { has, type Shape } from './shape.ts'

/**
 * The usage report of the Admin API. It counts tokens of each kind apart, and no requests. Fields after
 * platform.claude.com, "Get Messages Usage Report", 2026-11.
 */
export const anthropicUsage: Shape = {
  name: 'anthropic-usage',
  label: 'Anthropic usage report',
  wants: ['starting_at', 'ending_at', 'model', 'uncached_input_tokens', 'output_tokens'],
  knows: (row) => has(row, 'starting_at', 'uncached_input_tokens'),
  read(row) {
    const at = time(row, 'starting_at')
    const until = time(row, 'ending_at')
    const window = text(row, 'context_window')
    return {
      at,
      widthMs: Number.isNaN(until) ? DAY : until - at,
      requests: null,
      vendor: 'anthropic',
      model: text(row, 'model'),
      tier: text(row, 'service_tier'),
      // Above its first window; which models charge that, and from where on, the catalogue says.
      ...(window === '' ? {} : { long: !window.startsWith('0') }),
      resident: text(row, 'inference_geo') === 'us',
      usage: usageOf(row),
      key: text(row, 'api_key_name', 'api_key_id', 'workspace_name', 'workspace_id'),
      user: '',
      session: '',
      template: '',
    }
  },
}

function usageOf(row: Row) {
  const written = field(row, 'cache_creation')
  return {
    input: tokens(row, 'uncached_input_tokens'),
    cachedInput: tokens(row, 'cache_read_input_tokens'),
    cacheWrite5m: tokens(written, 'ephemeral_5m_input_tokens') || tokens(row, 'cache_creation_input_tokens'),
    cacheWrite1h: tokens(written, 'ephemeral_1h_input_tokens'),
    output: tokens(row, 'output_tokens'),
    webSearch: tokens(field(row, 'server_tool_use'), 'web_search_requests'),
  }
}
