import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, expect, test } from 'vitest'
import { VendorUnavailable } from '../../domain/errors.ts'
import { CredentialsRefused } from '../contract.ts'
import { tokensFrom } from './tokens.ts'

const folder = mkdtempSync(join(tmpdir(), 'redeye-tokens-'))
afterAll(() => rmSync(folder, { recursive: true }))
const closing: (() => unknown)[] = []
afterEach(() => {
  for (const close of closing.splice(0)) close()
})

/** Credentials of a workload elsewhere, which a service that runs here exchanges for a token. */
async function keyFile(answer: () => { status: number; json: object }): Promise<string> {
  const server = createServer((request, response) => {
    const { status, json } = answer()
    request.resume()
    response.writeHead(status, { 'content-type': 'application/json' })
    response.end(JSON.stringify(json))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  closing.push(() => server.close())
  writeFileSync(join(folder, 'subject'), 'a subject token')
  const path = join(folder, 'credentials.json')
  const credentials = {
    type: 'external_account',
    audience: '//iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/p/providers/q',
    subject_token_type: 'urn:ietf:params:oauth:token-type:jwt',
    token_url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/token`,
    credential_source: { file: join(folder, 'subject') },
  }
  writeFileSync(path, JSON.stringify(credentials))
  return path
}

test('A token that is made elsewhere goes as it is', async () => {
  expect(await tokensFrom({ token: 'ya29.x', keyFile: '' })()).toEqual({ authorization: 'Bearer ya29.x' })
})

test('A token is made by the credentials that are found, and used again while it lasts', async () => {
  let made = 0
  const json = () => ({
    access_token: `ya29.${++made}`,
    expires_in: 3600,
    token_type: 'Bearer',
    issued_token_type: 'x',
  })
  const authorize = tokensFrom({ token: '', keyFile: await keyFile(() => ({ status: 200, json: json() })) })
  expect(await authorize()).toMatchObject({ authorization: 'Bearer ya29.1' })
  expect(await authorize()).toMatchObject({ authorization: 'Bearer ya29.1' })
})

test('Credentials that are refused are a matter of the credentials', async () => {
  const json = { error: 'invalid_grant', error_description: 'The token has expired.' }
  const authorize = tokensFrom({ token: '', keyFile: await keyFile(() => ({ status: 400, json })) })
  await expect(authorize()).rejects.toBeInstanceOf(CredentialsRefused)
})

test('A service of tokens that is down is waited for', async () => {
  const authorize = tokensFrom({ token: '', keyFile: await keyFile(() => ({ status: 500, json: {} })) })
  await expect(authorize()).rejects.toBeInstanceOf(VendorUnavailable)
})

test('A service of tokens that cannot be reached is waited for', async () => {
  const path = await keyFile(() => ({ status: 200, json: {} }))
  for (const close of closing.splice(0)) close()
  await expect(tokensFrom({ token: '', keyFile: path })()).rejects.toBeInstanceOf(VendorUnavailable)
})

test('A key file that is not there is a matter of the credentials', async () => {
  await expect(tokensFrom({ token: '', keyFile: '/nowhere/key.json' })()).rejects.toBeInstanceOf(CredentialsRefused)
})
