import type { Usage } from '../../domain/usage.ts'
import { field, type Row, split, text, time, tokens } from '../fields.ts'
import { promptIn, templateIn } from '../prompt.ts'
import type { Shape } from './shape.ts'

const generations = /^(generation|embedding)$/i

/** Observations: of the export from the UI and the API (camel case), and of the blob storage export (snake case). */
export const langfuse: Shape = {
  name: 'langfuse',
  label: 'Langfuse observations',
  wants: [
    'traceId or trace_id',
    'type',
    'startTime or start_time',
    'model or provided_model_name',
    'usageDetails or usage_details',
  ],
  knows: (row) =>
    ('traceId' in row || 'trace_id' in row) &&
    'type' in row &&
    ['usageDetails', 'usage_details', 'usage', 'inputUsage', 'totalUsage'].some((name) => name in row),
  read(row) {
    // Spans, events and agents repeat the tokens of the generations within them.
    if (!generations.test(text(row, 'type'))) return { passedOver: 'no model call of its own' }
    if (/^error$/i.test(text(row, 'level'))) return { passedOver: 'failed' }
    const prompt = promptIn(row['input'])
    return {
      at: time(row, 'startTime', 'start_time'),
      widthMs: 0,
      requests: 1,
      vendor: '',
      model: text(row, 'providedModelName', 'provided_model_name', 'model', 'internalModel'),
      tier: text(field(row, 'modelParameters'), 'service_tier') || text(field(row, 'model_parameters'), 'service_tier'),
      usage: usageOf(row),
      key: text(row, 'environment', 'projectId', 'project_id'),
      user: text(row, 'userId', 'user_id'),
      session: text(row, 'sessionId', 'session_id'),
      template: text(row, 'promptName', 'prompt_name', 'traceName', 'trace_name', 'name') || templateIn(prompt),
      ...(prompt === '' ? {} : { prompt }),
    }
  },
}

/**
 * Its kinds are told apart and add up to the total. Integrations that leave cached tokens within the input show it:
 * input and output alone make up the total then.
 */
function usageOf(row: Row): Usage {
  const details = { ...field(row, 'usageDetails'), ...field(row, 'usage_details') }
  const old = field(row, 'usage')
  const input = tokens(details, 'input') || tokens(old, 'input', 'promptTokens') || tokens(row, 'inputUsage')
  const output = tokens(details, 'output') || tokens(old, 'output', 'completionTokens') || tokens(row, 'outputUsage')
  const total = tokens(details, 'total') || tokens(old, 'total', 'totalTokens') || tokens(row, 'totalUsage')
  const cached = tokens(details, 'cache_read_input_tokens', 'input_cached_tokens', 'input_cache_read')
  const written = tokens(details, 'cache_creation_input_tokens', 'input_cache_creation')
  const thought = tokens(details, 'output_reasoning_tokens', 'output_reasoning')
  const within = input + output === total
  return {
    ...(within ? split(input, cached, written) : { input, cachedInput: cached }),
    cacheWriteDefault: written,
    output: within ? output : output + thought,
  }
}
