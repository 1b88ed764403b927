import type { MediaType } from '../kit/media-file.ts'

/** The shape of a batch lane's limits. Each provider fills one table, with sources. `null`: the vendor has none. */
export interface Limits {
  /** Rows in one submission. */
  readonly rowsMax: number
  /** Bytes of one input file, as uploaded. */
  readonly fileBytesMax: number
  /** Bytes of one row as uploaded; a larger one is refused at intake. */
  readonly rowBytesMax: number
  /** Embedding inputs summed over the rows of one submission. */
  readonly inputsMax: number | null
  readonly modelsPerFileMax: number
  readonly createsPerHourMax: number | null
  readonly uploadsPerMinuteMax: number | null
  readonly openSubmissionsMax: number | null
  /**
   * Looks at open submissions, of all that an account has, where the vendor counts every call and has few to give.
   * Absent: as many as are of use.
   */
  readonly looksPerMinuteMax?: number
  /** Input tokens waiting or running at the vendor, per account and model; null: not published or unlimited. */
  enqueuedTokensMax(model: string): number | null
  /**
   * The figures that `enqueuedTokensMax` has for accounts of one kind or another, rising, where nothing tells which kind
   * this is and refusals name none.
   */
  enqueuedTokensSteps?(model: string): readonly number[]
  /** Embedding requests waiting or running, per account and model. */
  enqueuedRequestsMax(model: string): number | null
  /** How long a submission may take before the vendor expires it. */
  readonly windowMs: number
  /** How long `cancelling` can last. */
  readonly cancelLagMs: number
  /** A submission that is cancelled or expires hands out what it had finished. */
  readonly returnsPartial: boolean
  /** Its counts move while it is open. */
  readonly countsWhileOpen: boolean
  /** Submissions wait for one another, so that many only queue. */
  readonly queues?: boolean
  /** How long outputs can be fetched, from creation. */
  readonly collectWithinMs: number
  readonly endpoints: readonly string[]
  /** Those of `endpoints` that a model is asked at, where they depend on it. */
  endpointsOf?(model: string): readonly string[]
  /**
   * What a request may bring along. Absent: no page of the vendor says.
   * @param contextWindow  of the model, tokens; null: not known
   */
  files?: ((endpoint: string, contextWindow: number | null) => FileLimits) | undefined
}

/**
 * What a vendor takes of the images and documents of one request. Bytes are those of the files, before base64. `null`: no
 * page of the vendor names a figure.
 */
export interface FileLimits {
  readonly imagesMax: number | null
  /** The longer side of each image, in pixels, where a request has so many of them. */
  imageEdgeMax?(images: number): number
  /** Of all PDFs of a request. */
  readonly pdfsBytesMax: number | null
  /** Of all files of a request, in whichever way they come. */
  readonly totalBytesMax: number | null
  /** Of one file in the request itself. */
  readonly inline: FileBytes
  /** A request longer than this, base64 and all, names its largest files by reference, as far as that goes. */
  readonly inlineBytesMax: number
  /** Of one file that the request names by reference. Absent: it cannot. */
  readonly referred?: FileBytes & {
    /** Those that a request can name so. */
    readonly types: readonly MediaType[]
  }
}

export interface FileBytes {
  readonly imageBytesMax: number | null
  readonly pdfBytesMax: number | null
}
