/** Embeddings, as one vendor or another calls them: the answer is numbers, and no output token is counted. */
export const makesNumbers = (endpoint: string): boolean =>
  endpoint.endsWith('/embeddings') || endpoint.endsWith(':embedContent')
