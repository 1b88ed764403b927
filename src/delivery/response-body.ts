/** A result line of any vendor, as far as it is read here: `response` and `error`, or all of it in `result`. */
interface Line {
  readonly response?: {
    readonly status_code?: number
    readonly body?: { readonly error?: { readonly code?: string | null; readonly message?: string } }
  } | null
  readonly error?: { readonly code?: string; readonly message?: string } | null
  readonly result?: {
    readonly type?: string
    readonly message?: unknown
    readonly error?: { readonly error?: { readonly type?: string; readonly message?: string } }
  } | null
}

/** The vendor's response inside a succeeded result line, parsed; undefined where there is none. */
export function responseBody(bytes: Uint8Array, start: number, end: number): unknown {
  const { response, result } = lineAt(bytes, start, end)
  return response?.body ?? result?.message
}

/** Why a line is no success, as one string for a column: the vendor's code and message. */
export function errorOf(bytes: Uint8Array, start: number, end: number): string {
  const { response, result, error } = lineAt(bytes, start, end)
  if (result) {
    const inner = result.error?.error
    return said(inner?.type, inner?.message) ?? result.type ?? 'no result'
  }
  const { code, message } = error ?? response?.body?.error ?? {}
  return said(code, message) ?? `status ${response?.status_code ?? 'unknown'}`
}

const lineAt = (bytes: Uint8Array, start: number, end: number): Line =>
  JSON.parse(Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start).toString()) as Line

function said(...words: readonly unknown[]): string | undefined {
  const said = words.filter((word) => typeof word === 'string' && word !== '')
  return said.length > 0 ? said.join(': ') : undefined
}
