const hour = 3_600_000

export const limits = {
  requestsMax: 200_000,
  inputBytesMax: 1_000_000_000,
  /** A job may wait so long before it starts. */
  queueMs: 72 * hour,
  /** And run so long before it is cut off. */
  runMs: 24 * hour,
  /** Of Claude models; Gemini jobs have no published number. */
  claudeConcurrentMax: 4,
  pageMax: 100,
}
