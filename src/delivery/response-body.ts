/** The vendor's response inside a succeeded result line, parsed; undefined where there is none. */
export function responseBody(bytes: Uint8Array, start: number, end: number): unknown {
  const line = JSON.parse(Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start).toString()) as {
    response?: { body?: unknown } | null
  }
  return line.response?.body
}

/** Why a line is no success, as one string for a column: the vendor's code and message. */
export function errorOf(bytes: Uint8Array, start: number, end: number): string {
  const line = JSON.parse(Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start).toString()) as {
    error?: { code?: string; message?: string } | null
    response?: { status_code?: number; body?: { error?: { code?: string | null; message?: string } } } | null
  }
  const error = line.error ?? line.response?.body?.error
  const words = [error?.code, error?.message].filter((word) => typeof word === 'string' && word !== '')
  return words.length > 0 ? words.join(': ') : `status ${line.response?.status_code ?? 'unknown'}`
}
