import { VendorUnavailable } from '../../domain/errors.ts'
import { CredentialsRefused } from '../contract.ts'

export interface TokenSource {
  /** An access token as it is, for who makes it elsewhere; empty: by Application Default Credentials. */
  readonly token: string
  /** A key file; empty: wherever the credentials are found by default. */
  readonly keyFile: string
}

type Headers = Readonly<Record<string, string>>

/**
 * Headers that authorize a call. The library that finds, makes and renews tokens is loaded at the first call: it costs
 * those nothing who fly elsewhere.
 */
export function tokensFrom({ token, keyFile }: TokenSource): () => Promise<Headers> {
  if (token !== '') return async () => ({ authorization: `Bearer ${token}` })
  let making: Promise<{ getRequestHeaders(): Promise<globalThis.Headers> }> | undefined
  return async () => {
    making ??= make(keyFile)
    try {
      return Object.fromEntries((await (await making).getRequestHeaders()).entries())
    } catch (error) {
      throw troubleOf(error)
    }
  }
}

async function make(keyFilename: string) {
  const { GoogleAuth } = await import('google-auth-library')
  return new GoogleAuth({
    scopes: ['https://www.googleapis.com/auth/cloud-platform'],
    ...(keyFilename === '' ? {} : { keyFilename }),
  })
}

/** A network that fails is waited for; anything else is a matter of the credentials, and for a person. */
function troubleOf(error: unknown): Error {
  const { message, code, status, response } = error as { message: string } & Partial<Trouble>
  const answered = Number(status ?? response?.status ?? 0)
  const said = `No access token for Google Cloud: ${message}`
  if (answered >= 500 || answered === 429 || networkCodes.test(String(code)))
    return new VendorUnavailable(said, { cause: error })
  return new CredentialsRefused(said, 401)
}

interface Trouble {
  code: unknown
  status: unknown
  response: { status?: unknown }
}

const networkCodes = /^(E(AI_AGAIN|CONN\w+|HOSTUNREACH|NETUNREACH|NOTFOUND|PIPE|TIMEDOUT)|ETIMEDOUT|UND_ERR_\w+)$/
