import { dialects } from '../dialects/dialects.ts'
import { type StatusBody, translateError } from '../dialects/errors.ts'
import { translateAnswer } from '../dialects/translate-body.ts'
import { type DialectName, isRecord, type Json } from '../dialects/translation.ts'
import { readLine, type VendorLine } from './vendor-line.ts'

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
  const said = readLine(line.bytes, line.start, line.end)
  const dialect = dialects[how.to]
  if (said.kind === 'none') return dialect.errorRow(idJson, said.code, said.message)
  const { status, body } = translateSaid(how, said, upstreamId)
  return dialect.answerRow(idJson, status, body)
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
