import { field, isRow, type Row, split, text, time, tokens } from '../fields.ts'
import { promptIn, templateIn } from '../prompt.ts'
import type { Shape } from './shape.ts'

/**
 * Spans after the GenAI semantic conventions of OpenTelemetry (1.41), with the names of before where they changed. As
 * OTLP JSON lines, or a span a line with its attributes as an object.
 */
export const otel: Shape = {
  name: 'opentelemetry',
  label: 'OpenTelemetry GenAI spans',
  wants: [
    'startTimeUnixNano or start_time',
    'gen_ai.request.model',
    'gen_ai.usage.input_tokens',
    'gen_ai.usage.output_tokens',
  ],
  knows: (row) => Object.keys(attributesOf(row)).some((name) => name.startsWith('gen_ai.')),
  read(row) {
    const of = attributesOf(row)
    const operation = text(of, 'gen_ai.operation.name')
    // An agent's span sums up the calls within it; a tool's is no call of a model.
    if (!['', 'chat', 'text_completion', 'generate_content', 'embeddings'].includes(operation))
      return { passedOver: 'no model call of its own' }
    if (text(of, 'gen_ai.request.model', 'gen_ai.response.model') === '')
      return { passedOver: 'no model call of its own' }
    if (text(of, 'error.type') !== '') return { passedOver: 'failed' }
    const prompt = promptIn(of['gen_ai.input.messages'] ?? of['gen_ai.prompt'])
    const system = promptIn(of['gen_ai.system_instructions'])
    const cached = tokens(
      of,
      'gen_ai.usage.cache_read.input_tokens',
      'gen_ai.usage.cache_read_input_tokens',
      'gen_ai.usage.cached_tokens',
    )
    const written = tokens(of, 'gen_ai.usage.cache_creation.input_tokens', 'gen_ai.usage.cache_creation_input_tokens')
    return {
      at: time(row, 'startTimeUnixNano', 'start_time_unix_nano', 'start_time', 'startTime', 'timestamp', 'time'),
      widthMs: 0,
      requests: 1,
      vendor: text(of, 'gen_ai.provider.name', 'gen_ai.system'),
      model: text(of, 'gen_ai.response.model', 'gen_ai.request.model'),
      tier: text(
        of,
        'openai.response.service_tier',
        'gen_ai.openai.response.service_tier',
        'openai.request.service_tier',
      ),
      usage: {
        ...split(tokens(of, 'gen_ai.usage.input_tokens', 'gen_ai.usage.prompt_tokens'), cached, written),
        cacheWriteDefault: written,
        output: tokens(of, 'gen_ai.usage.output_tokens', 'gen_ai.usage.completion_tokens'),
      },
      key: text(of, 'service.name') || text(row, 'service.name', 'service'),
      user: text(of, 'enduser.id', 'user.id'),
      session: text(of, 'gen_ai.conversation.id', 'session.id'),
      template:
        text(of, 'gen_ai.prompt.name', 'gen_ai.agent.name') ||
        templateIn(`"role":"system","content":${system}`) ||
        templateIn(prompt),
      ...(prompt === '' ? {} : { prompt: system + prompt }),
    }
  },
}

/** As an object whatever they came as: OTLP writes a list of keys and typed values, and integers as texts. */
function attributesOf(row: Row): Row {
  const list = row['attributes']
  if (!Array.isArray(list)) return 'attributes' in row ? field(row, 'attributes') : row
  return Object.fromEntries(list.filter(isRow).map(({ key, value }) => [String(key), plain(value)]))
}

function plain(value: unknown): unknown {
  if (!isRow(value)) return value
  const list = field(value, 'arrayValue')['values']
  if (Array.isArray(list)) return list.map(plain)
  return value['stringValue'] ?? value['intValue'] ?? value['doubleValue'] ?? value['boolValue']
}

/** The spans of one line of OTLP JSON, each with what its resource says. */
export function spansOf(line: Row): Row[] {
  return listIn(line, 'resourceSpans').flatMap((resource) => {
    const shared = attributesOf(field(resource, 'resource'))
    const scopes = [...listIn(resource, 'scopeSpans'), ...listIn(resource, 'instrumentationLibrarySpans')]
    return scopes
      .flatMap((scope) => listIn(scope, 'spans'))
      .map((span) => ({ ...span, attributes: { ...shared, ...attributesOf(span) } }))
  })
}

const listIn = (row: Row, name: string): Row[] => {
  const list = row[name]
  return Array.isArray(list) ? list.filter(isRow) : []
}
