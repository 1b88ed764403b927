import type { Dialect } from '../dialects/contract.ts'
import { dialects } from '../dialects/dialects.ts'
import { type StatusBody, translateError } from '../dialects/errors.ts'
import { translateAnswer } from '../dialects/translate-body.ts'
import { type DialectName, isRecord } from '../dialects/translation.ts'
import type { Line } from './line-window.ts'
import { answerSpan, readLine, type VendorLine } from './vendor-line.ts'

/** How the answers of one group come back in the dialect of its requests. */
export interface LineTranslation {
  readonly from: DialectName
  readonly to: DialectName
  /** The model that was asked, for an answer that names none. */
  readonly model: string
  /** Epoch seconds, for an answer that states no time; the same however often it is delivered. */
  readonly created: number
}

/** What an answer becomes, besides. */
export interface AnswerOptions {
  /** Stands in for an id that the answer does not have. */
  readonly upstreamId: string
  readonly base64: boolean
}

/**
 * A vendor's result line as a row of another dialect, without its newline. Never throws for what the vendor said: an
 * answer was paid for.
 * @param lines  one, or one for each input with an answer to all of them
 * @param idJson  the user's id as JSON text
 */
export function translateLine(
  how: LineTranslation,
  lines: readonly [Line, ...Line[]],
  idJson: Uint8Array,
  options: AnswerOptions,
): Uint8Array {
  const dialect: Dialect = dialects[how.to]
  const [line] = lines
  if (how.from === how.to && dialect.answerFrame !== undefined) {
    const answer = answerSpan(line.bytes, line.start, line.end)
    if (answer !== undefined) return framed(dialect.answerFrame, idJson, line.bytes.subarray(...answer))
  }
  const said = lines.map(({ bytes, start, end }) => readLine(bytes, start, end))
  const trouble = said.find(isTrouble)
  if (trouble?.kind === 'none') return dialect.errorRow(idJson, trouble.code, trouble.message)
  const { status, body } =
    trouble === undefined
      ? answerOf(how, said.map(bodyOf), options)
      : about(lines[said.indexOf(trouble)]?.input, translateError(how.from, how.to, trouble.status, trouble.body))
  return dialect.answerRow(idJson, status, body)
}

/** The answer is in the dialect already, so it goes as it came, byte for byte. */
function framed(frame: NonNullable<Dialect['answerFrame']>, idJson: Uint8Array, answer: Uint8Array): Uint8Array {
  const [beforeId, beforeAnswer, after] = frame
  return Buffer.concat([Buffer.from(beforeId), idJson, Buffer.from(beforeAnswer), answer, Buffer.from(after)])
}

const isTrouble = (said: VendorLine): said is Exclude<VendorLine, { kind: 'answer' }> => said.kind !== 'answer'
const bodyOf = (said: VendorLine): unknown => (said.kind === 'answer' ? said.body : undefined)

/** Which of several inputs is wrong: the vendor got it alone, and cannot say. */
function about(input: number | undefined, { status, body }: StatusBody): StatusBody {
  const error = body['error']
  if (input === undefined || !isRecord(error)) return { status, body }
  return { status, body: { ...body, error: { ...error, param: `input[${input}]` } } }
}

/** The answers inside succeeded lines, as the requests' own dialect would have given the answer to the request. */
export function answerOf(
  { from, to, model, created }: LineTranslation,
  bodies: readonly unknown[],
  { upstreamId: id, base64 }: AnswerOptions,
): StatusBody {
  const [first = {}, ...more] = bodies.map((body) => (isRecord(body) ? body : {}))
  return translateAnswer(from, to, [first, ...more], { id, created, model, encoding: base64 ? 'base64' : 'float' })
}
