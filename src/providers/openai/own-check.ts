import { VendorUnavailable } from '../../domain/errors.ts'
import { HttpFailed } from '../../kit/http.ts'
import { type Call, CredentialsRefused } from '../contract.ts'

/** The list of models, which every such engine has, shows whether it is there and takes the key. */
export async function check(call: Call): Promise<{ scope: string; detail: string }> {
  const url = `${call.baseUrl.replace(/\/+$/, '')}/models`
  const headers = {
    accept: 'application/json',
    ...call.headers,
    ...(call.apiKey === '' ? {} : { authorization: `Bearer ${call.apiKey}` }),
  }
  const { status, json } = await call.http.call({ method: 'GET', url, headers }).catch((error: unknown) => {
    throw error instanceof HttpFailed ? new VendorUnavailable(error.message, { cause: error }) : error
  })
  if (status === 401 || status === 403) throw new CredentialsRefused(`The engine answered with HTTP ${status}.`, status)
  const { data } = (json ?? {}) as { data?: unknown }
  if (status !== 200 || !Array.isArray(data))
    throw new VendorUnavailable(`The engine answered its list of models with HTTP ${status}.`, {
      status,
      hint: 'Its base URL usually ends in /v1.',
    })
  const names = data.map((model) => String((model as { id?: unknown }).id))
  return { scope: '', detail: `${new URL(call.baseUrl).host} serves ${names.join(', ') || 'no model'}` }
}
