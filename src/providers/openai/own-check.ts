import { VendorUnavailable } from '../../domain/errors.ts'
import { HttpFailed } from '../../kit/http.ts'
import { type Call, CredentialsRefused } from '../contract.ts'

/** The list of models, which every such engine has, shows whether it is there and takes the key. */
export async function check(call: Call): Promise<{ scope: string; detail: string }> {
  const names = await models(call)
  return { scope: '', detail: `${new URL(call.baseUrl).host} serves ${names.join(', ') || 'no model'}` }
}

export async function models(call: Call): Promise<readonly string[]> {
  const url = `${call.baseUrl.replace(/\/+$/, '')}/models`
  const headers = {
    accept: 'application/json',
    ...call.headers,
    ...(call.apiKey === '' ? {} : { authorization: `Bearer ${call.apiKey}` }),
  }
  const request = { method: 'GET', url, headers, signal: call.signal } as const
  const { status, json } = await call.http.call(request).catch((error: unknown) => {
    throw error instanceof HttpFailed ? new VendorUnavailable(error.message, { hint, cause: error }) : error
  })
  if (status === 401 || status === 403) throw new CredentialsRefused(`The engine answered with HTTP ${status}.`, status)
  const { data } = (json ?? {}) as { data?: unknown }
  if (status !== 200 || !Array.isArray(data))
    throw new VendorUnavailable(`The engine answered its list of models with HTTP ${status}.`, { status, hint })
  return data.map((model) => String((model as { id?: unknown }).id))
}

const hint = 'Is it running, and is its base URL right? It mostly ends in /v1.'
