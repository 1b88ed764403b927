import { field, split, text, time, tokens } from '../fields.ts'
import { promptIn, templateIn } from '../prompt.ts'
import { has, type Shape } from './shape.ts'

/** What `@helicone/export` and the request API write: JSON lines, a JSON list, or CSV. */
export const helicone: Shape = {
  name: 'helicone',
  label: 'Helicone export',
  wants: ['request_created_at', 'model', 'prompt_tokens', 'completion_tokens', 'request_properties'],
  knows: (row) => has(row, 'request_created_at', 'prompt_tokens'),
  read(row) {
    const status = Number(text(row, 'response_status') || 200)
    if (status >= 400 || status < 0) return { passedOver: 'failed' }
    if (/^true$/i.test(text(row, 'cache_enabled')) && text(row, 'cache_reference_id').replace(/[0-]/g, '') !== '')
      return { passedOver: 'answered by a cache of the gateway' }
    const properties = field(row, 'request_properties')
    const vendor = text(row, 'provider').toLowerCase()
    const prompt = promptIn(row['request_body'])
    const input = tokens(row, 'prompt_tokens')
    const cached = tokens(row, 'prompt_cache_read_tokens')
    const written = tokens(row, 'prompt_cache_write_tokens')
    return {
      at: time(row, 'request_created_at'),
      widthMs: 0,
      requests: 1,
      vendor,
      model: text(row, 'response_model', 'model', 'request_model'),
      tier: text(field(row, 'response_body'), 'service_tier'),
      // It keeps the vendor's own figure, and Anthropic counts its cache beside the input.
      usage: {
        ...(vendor === 'anthropic' ? { input, cachedInput: cached } : split(input, cached, written)),
        cacheWriteDefault: written,
        output: tokens(row, 'completion_tokens'),
      },
      key: text(properties, 'App', 'app', 'appname', 'Feature', 'feature', 'Environment', 'environment'),
      user: text(row, 'request_user_id'),
      session: text(properties, 'Helicone-Session-Id'),
      template:
        text(row, 'prompt_id') || text(properties, 'Helicone-Prompt-Id', 'Helicone-Session-Path') || templateIn(prompt),
      ...(prompt === '' ? {} : { prompt }),
    }
  },
}
