import { UsageError } from '../domain/errors.ts'

/** Something a request asks for cannot be said in the dialect of the lane. Nothing was sent. */
export class Untranslatable extends UsageError {
  override readonly code = 'untranslatable'
  /** JSON path in the body that was read: `messages[2].content[0].image_url.url`. */
  readonly path: string
  /** The dialect that has no words for it. */
  readonly target: string
  readonly reason: string
  constructor(path: string, target: string, reason: string) {
    super(
      `${path === '' ? 'The body' : path} cannot be said in ${target}: ${reason}.`,
      'Change the field, or fly on a lane that speaks the dialect of the input.',
    )
    this.path = path
    this.target = target
    this.reason = reason
  }
}
