import type { BlobWriter } from '../stores/contract.ts'

const STAGED_BYTES = 1 << 20

/** Gathers small pieces, so that the blob is written by large ones. */
export class StagedWriter {
  readonly #blob: BlobWriter
  #pieces: Uint8Array[] = []
  #staged = 0

  constructor(blob: BlobWriter) {
    this.#blob = blob
  }

  /** Where the next piece will lie. */
  get end(): number {
    return this.#blob.bytes + this.#staged
  }

  /** Keeps the piece, which must not change, until the next `write` or `flush`. */
  add(piece: Uint8Array): void {
    this.#pieces.push(piece)
    this.#staged += piece.length
  }

  async write(piece: Uint8Array): Promise<void> {
    this.add(piece)
    if (this.#staged >= STAGED_BYTES) await this.flush()
  }

  async flush(): Promise<void> {
    const pieces = this.#pieces
    this.#pieces = []
    this.#staged = 0
    if (pieces.length > 0) await this.#blob.write(Buffer.concat(pieces))
  }
}
