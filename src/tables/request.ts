import { UsageError } from '../domain/errors.ts'
import type { Cells } from './row.ts'
import type { AnswerSchema } from './schema.ts'
import { parseTemplate, positionsOf, type Template } from './template.ts'

/** The endpoint that `RequestWriter.body` speaks to. */
export const tableEndpoint = '/v1/chat/completions'

export interface RequestOptions {
  /** Both are templates, see `parseTemplate`. A system text without columns is the same for every row. */
  readonly prompt: string
  readonly system?: string
  readonly model: string
  readonly schema?: AnswerSchema
  /** Sent as `max_completion_tokens`. */
  readonly maxTokens?: number
  readonly temperature?: number
  /** Further members of the body, as the vendor names them: {"reasoning_effort": "low"}. */
  readonly params?: Readonly<Record<string, unknown>>
  /** Files that each row brings along, before its prompt and in this order. */
  readonly attachments?: readonly AttachmentOption[]
}

export interface AttachmentOption {
  /** A file may be an image too. */
  readonly as: 'image' | 'file'
  /** A template of its path or address. */
  readonly from: string
}

export interface RequestWriter {
  /** Why the row makes no request; undefined when it does. */
  problem(cells: Cells): string | undefined
  /** The body of an OpenAI chat request, on one line; with attachments in two pieces, between which their parts go. */
  body(cells: Cells): readonly [Uint8Array, Uint8Array?]
  /** What the row brings along, templates filled in. A comma follows each of their parts in the body. */
  attachments(cells: Cells): readonly AttachmentOption[]
}

/**
 * Makes the requests of a table's rows. What is the same for every row is written once; a string goes from the row
 * into the body as the JSON text it already is. Other values stand in the prompt as their JSON text, null as nothing.
 * @param columns  those that the first row has (`Columns.of`); a later row that lacks one the prompt names is a bad row
 * @throws UsageError when the prompt names a column that is not there, or a member of the body is given twice
 */
export function requestWriter(options: RequestOptions, columns: readonly string[]): RequestWriter {
  const prompt = parseTemplate(options.prompt)
  const system = parseTemplate(options.system ?? '')
  const attached = (options.attachments ?? []).map(({ as, from }) => ({ as, from: parseTemplate(from) }))
  const templates = [system, prompt, ...attached.map(({ from }) => from)]
  const [inSystem = [], inPrompt = [], ...inAttached] = positionsOf(templates, columns)
  const before: Piece[] = [`{"model":${JSON.stringify(options.model)},"messages":[`]
  if (options.system !== undefined) before.push('{"role":"system","content":"', ...content(system, inSystem), '"},')
  const asked = content(prompt, inPrompt)
  const end = `}]${members(options)}}`
  // Text after what it is about: vendors that have a preference prefer it so.
  const [first, second]: [Piece[], Piece[]?] =
    attached.length === 0
      ? [[...before, '{"role":"user","content":"', ...asked, `"${end}`]]
      : [
          [...before, '{"role":"user","content":['],
          ['{"type":"text","text":"', ...asked, `"}]${end}`],
        ]
  const needed = [...new Set([...inSystem, ...inPrompt, ...inAttached.flat()])]

  return {
    problem(cells) {
      const absent = needed.filter((position) => (cells[position] ?? '') === '')
      if (absent.length === 0) return undefined
      return `has no ${absent.map((position) => JSON.stringify(columns[position])).join(' and no ')}`
    },
    body: (cells) => (second === undefined ? [written(first, cells)] : [written(first, cells), written(second, cells)]),
    attachments: (cells) =>
      attached.map(({ as, from }, at) => ({ as, from: filled(from, inAttached[at] ?? [], cells) })),
  }
}

function written(pieces: readonly Piece[], cells: Cells): Uint8Array {
  let text = ''
  for (const piece of pieces) text += typeof piece === 'string' ? piece : inString(cells[piece] ?? '')
  return Buffer.from(text)
}

/** A template as plain text. */
const filled = ({ literals }: Template, positions: readonly number[], cells: Cells): string =>
  literals
    .map((literal, at) => {
      const position = positions[at]
      return position === undefined ? literal : literal + (JSON.parse(`"${inString(cells[position] ?? '')}"`) as string)
    })
    .join('')

/** A piece of the body: JSON text, or the position of the column whose value stands there. */
type Piece = string | number

function content(template: Template, positions: readonly number[]): Piece[] {
  const pieces: Piece[] = []
  for (const [at, literal] of template.literals.entries()) {
    pieces.push(JSON.stringify(literal).slice(1, -1))
    const position = positions[at]
    if (position !== undefined) pieces.push(position)
  }
  return pieces
}

/** A cell as it stands inside of a JSON string. A string already is what it has to become, escapes included. */
function inString(cell: string): string {
  if (cell.startsWith('"')) return cell.slice(1, -1)
  return cell === 'null' ? '' : JSON.stringify(cell).slice(1, -1)
}

/** The body's members after `messages`, each with its comma before it. */
function members({ schema, maxTokens, temperature, params = {} }: RequestOptions): string {
  const ours = {
    ...(maxTokens === undefined ? {} : { max_completion_tokens: maxTokens }),
    ...(temperature === undefined ? {} : { temperature }),
    ...(schema === undefined ? {} : { response_format: { type: 'json_schema', json_schema: schema.wire } }),
  }
  // One answer a row is read, whole; the model is what the job is priced by.
  const taken = ['model', 'messages', 'stream', 'n', ...Object.keys(ours)]
  const twice = Object.keys(params).filter((name) => taken.includes(name))
  if (twice.length > 0) {
    throw new UsageError(
      `${twice.join(', ')}: not for params, since Redeye sets ${twice.length === 1 ? 'it' : 'them'}.`,
    )
  }
  const text = JSON.stringify({ ...ours, ...params }).slice(1, -1)
  return text === '' ? '' : `,${text}`
}
