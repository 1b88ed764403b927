import { UsageError } from '../../domain/errors.ts'
import type { AccountSetup } from '../contract.ts'

type Environment = Readonly<Record<string, string | undefined>>

const extraHeaders = 'ANTHROPIC_CUSTOM_HEADERS'

/** As the official SDKs read it: a key goes before a token, and headers of one's own go with every call. */
export function accountFrom(environment: Environment): Partial<AccountSetup> {
  const token = environment['ANTHROPIC_AUTH_TOKEN']?.trim()
  const bearer = { authorization: `Bearer ${token}` }
  return {
    headers: headersIn(environment[extraHeaders]),
    ...(environment['ANTHROPIC_API_KEY']?.trim() || !token ? {} : { authorize: async () => bearer }),
  }
}

/** Of those headers the one that says whose the batches are; the others, betas say, may change under a job. */
export function headersFrom(environment: Environment): Record<string, string> {
  const { [workspaceHeader]: workspace } = headersIn(environment[extraHeaders])
  return workspace === undefined ? {} : { [workspaceHeader]: workspace }
}
const workspaceHeader = 'anthropic-workspace-id'

/** `Name: value` in lines; what has no colon is passed over, as the SDKs do. */
function headersIn(text = ''): Record<string, string> {
  const headers: Record<string, string> = {}
  for (const line of text.split('\n')) {
    const colon = line.indexOf(':')
    if (colon < 0) continue
    const name = line.slice(0, colon).trim().toLowerCase()
    const value = line.slice(colon + 1).trim()
    if (!/^[!#$%&'*+.^_`|~0-9a-z-]+$/.test(name) || /[^\t\x20-\x7e\x80-\xff]/.test(value))
      throw new UsageError(`${extraHeaders} has a line that is no header, of the name ${JSON.stringify(name)}.`)
    headers[name] = value
  }
  return headers
}
