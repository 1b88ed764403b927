import { base64Spans, mediaInBase64 } from '../pricing/inline-media.ts'
import { mediaTokens } from '../pricing/media-tokens.ts'
import { tokensByLength } from './manifest.ts'

/** What holds an image is longer; most requests are not. */
const MEDIA_BYTES_MIN = 4096

/** Tokens of a body on the high side: of its text by length, of images and files in it by what they are to the model. */
export function estimateTokens(body: Buffer, model: string): number {
  if (body.length < MEDIA_BYTES_MIN) return tokensByLength(body.length)
  let text = body.length
  let media = 0
  for (const { from, to } of base64Spans(body)) {
    text -= to - from
    media += mediaTokens(model, mediaInBase64(body.toString('latin1', from, to))).high
  }
  return tokensByLength(text) + media
}
