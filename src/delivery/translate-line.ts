import type { Dialect } from '../dialects/contract.ts'
import { dialects } from '../dialects/dialects.ts'
import { type StatusBody, translateError } from '../dialects/errors.ts'
import { translateAnswer } from '../dialects/translate-body.ts'
import { type DialectName, isRecord, type Json } from '../dialects/translation.ts'
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

/**
 * A vendor's result line as a row of another dialect, without its newline. Never throws for what the vendor said: an
 * answer was paid for.
 * @param idJson  the user's id as JSON text
 * @param upstreamId  stands in for an id that the answer does not have
 */
export function translateLine(
  how: LineTranslation,
  line: { readonly bytes: Uint8Array; readonly start: number; readonly end: number },
  idJson: Uint8Array,
  upstreamId: string,
): Uint8Array {
  const dialect: Dialect = dialects[how.to]
  if (how.from === how.to && dialect.answerFrame !== undefined) {
    const answer = answerSpan(line.bytes, line.start, line.end)
    if (answer !== undefined) return framed(dialect.answerFrame, idJson, line.bytes.subarray(...answer))
  }
  const said = readLine(line.bytes, line.start, line.end)
  if (said.kind === 'none') return dialect.errorRow(idJson, said.code, said.message)
  const { status, body } = translateSaid(how, said, upstreamId)
  return dialect.answerRow(idJson, status, body)
}

/** The answer is in the dialect already, so it goes as it came, byte for byte. */
function framed(frame: NonNullable<Dialect['answerFrame']>, idJson: Uint8Array, answer: Uint8Array): Uint8Array {
  const [beforeId, beforeAnswer, after] = frame
  return Buffer.concat([Buffer.from(beforeId), idJson, Buffer.from(beforeAnswer), answer, Buffer.from(after)])
}

/** The answer inside a succeeded line, as the requests' own dialect would have given it. */
export const answerIn = (how: LineTranslation, body: unknown, upstreamId: string): Json =>
  translateSaid(how, { kind: 'answer', body }, upstreamId).body

function translateSaid(
  { from, to, model, created }: LineTranslation,
  said: Exclude<VendorLine, { kind: 'none' }>,
  upstreamId: string,
): StatusBody {
  if (said.kind === 'error') return translateError(from, to, said.status, said.body)
  return translateAnswer(from, to, isRecord(said.body) ? said.body : {}, { id: upstreamId, created, model })
}
