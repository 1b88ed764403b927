/** How one vendor API speaks. One file per dialect; the OpenAI batch row around the bodies is in `openai-rows.ts`. */
export interface Dialect {
  readonly name: string
  /** What a successful response says. Never throws: a body it cannot read holds no text. */
  answerText(body: unknown): AnswerText
  /**
   * The row that a request without an answer gets in the output: one line, without its newline.
   * @param customIdJson  the user's id as the JSON text it came as
   */
  errorRow(customIdJson: string | Uint8Array, code: ErrorCode, message: string): Uint8Array
  /**
   * The row that a request with an answer gets, good or bad, when it is not the vendor's own row.
   * @param status  HTTP status; 200: `body` is an answer, else the dialect's error envelope
   */
  answerRow(customIdJson: string | Uint8Array, status: number, body: object): Uint8Array
  /** Such a row around an answer's own bytes: before the id, between, and after. */
  readonly answerFrame?: readonly [string, string, string]
}

export interface AnswerText {
  /** null: none, as when the model refused, called a tool, or made no words (embeddings). */
  readonly text: string | null
  /** Why there is no answer, or only a part of one, in the words of the model or the vendor. */
  readonly refusal: string | null
  /** The output limit cut the answer off. */
  readonly truncated: boolean
}

/** The first two are the vendor's own words; others of the vendor's pass as they are. */
export type ErrorCode = 'batch_expired' | 'batch_cancelled' | 'missing' | (string & {})

export const noAnswer: AnswerText = { text: null, refusal: null, truncated: false }
