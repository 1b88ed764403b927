import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { MockAgent } from 'undici'
import { afterAll, describe, expect, test } from 'vitest'
import { isPrivate, openFetchFile } from './fetch-file.ts'

const folder = mkdtempSync(join(tmpdir(), 'redeye-fetch-'))
afterAll(() => rmSync(folder, { recursive: true }))
const into = join(folder, 'file')

/** A far end that answers so, call by call. */
function answering(...answers: { path?: string; status: number; body?: string; headers?: Record<string, string> }[]) {
  const agent = new MockAgent()
  agent.disableNetConnect()
  for (const { path = '/a.pdf', status, body = '', headers = {} } of answers)
    agent.get('https://example.com').intercept({ path }).reply(status, body, { headers })
  return { fetch: openFetchFile(agent), agent }
}

describe('a file at an address', () => {
  test('is brought here, also from where it has moved to', async () => {
    const { fetch } = answering(
      { status: 302, headers: { location: '/b.pdf?x=1' } },
      { path: '/b.pdf?x=1', status: 200, body: '%PDF-1.7 …' },
    )
    await fetch('https://example.com/a.pdf', into, 100)
    expect(readFileSync(into, 'utf8')).toBe('%PDF-1.7 …')
  })

  test('is asked for again when the server is at fault, and not when the address is', async () => {
    const { fetch, agent } = answering({ status: 503 }, { status: 200, body: 'here' }, { path: '/none', status: 404 })
    await fetch('https://example.com/a.pdf', into, 100)
    expect(readFileSync(into, 'utf8')).toBe('here')
    await expect(fetch('https://example.com/none', into, 100)).rejects.toThrow('the server answers 404')
    agent.assertNoPendingInterceptors()
  })

  test('is not kept when it is larger than what may be sent, said or not', async () => {
    const { fetch } = answering(
      { status: 200, body: 'x'.repeat(101) },
      { status: 200, headers: { 'content-length': '101' } },
    )
    for (const _ of [1, 2])
      await expect(fetch('https://example.com/a.pdf', into, 100)).rejects.toThrow('larger than 100 bytes')
  })

  test.each([
    'http://example.com/a.pdf',
    'https://127.0.0.1/a.pdf',
    'https://2130706433/a.pdf', // the same address as one number
    'https://[::1]/a.pdf',
    'https://169.254.169.254/latest/meta-data/',
    'https://localhost/a.pdf',
  ])('is not fetched from %s', async (address) => {
    await expect(openFetchFile()(address, into, 100)).rejects.toThrow(/no https address|its own network/)
  })

  test('nor from there by a redirect', async () => {
    for (const location of ['http://example.com/b.pdf', 'https://10.0.0.1/b.pdf']) {
      const { fetch } = answering({ status: 302, headers: { location } })
      await expect(fetch('https://example.com/a.pdf', into, 100)).rejects.toThrow(/no https address|its own network/)
    }
  })

  test('private addresses are known in every notation', () => {
    const inside = ['10.1.2.3', '172.31.0.1', '192.168.1.1', '100.64.0.1', '0.0.0.0', '::', '::1', 'fd00::1', 'fe80::1']
    const mapped = ['::ffff:127.0.0.1', '::ffff:10.0.0.1']
    expect([...inside, ...mapped].filter((address) => !isPrivate(address))).toEqual([])
    const outside = ['93.184.216.34', '172.32.0.1', '8.8.8.8', '2606:2800:220:1::1', '::ffff:8.8.8.8']
    expect(outside.filter(isPrivate)).toEqual([])
  })
})
