import { expect } from 'vitest'
import type { Effects } from './vertex-effects.ts'
import { bucket, lines, type Trial } from './vertex-trial.ts'

const listPath = `/storage/v1/b/${bucket}/o`
const big = 'x'.repeat(1 << 20)

async function storm(on: Trial, times: number, status: number): Promise<void> {
  for (let time = 0; time < times; time++) expect((await on.storage(listPath)).status).toBe(status)
  expect((await on.storage(listPath)).status).toBe(200)
}

async function session(on: Trial): Promise<string> {
  const path = `/upload${listPath}?uploadType=resumable&name=big`
  return (await on.storage(path, { method: 'POST' })).headers.get('location') ?? ''
}

const send = (url: string, from: number) =>
  fetch(url, {
    method: 'PUT',
    headers: { 'content-range': `bytes ${from}-${big.length - 1}/${big.length}` },
    body: big.slice(from),
  })

const reached = async (url: string) => {
  const state = await fetch(url, { method: 'PUT', headers: { 'content-range': `bytes */${big.length}` } })
  return Number(state.headers.get('range')?.split('-')[1] ?? -1) + 1
}

/** What each scenario of the storage does, seen from outside. */
export const storageEffects: Effects = {
  'drop-upload': async (on) => {
    await expect(on.put(big, 'big')).rejects.toThrow('fetch failed')
    expect(await on.objects('big')).toEqual([])
    on.emulator.setScenario('drop-upload')
    const url = await session(on)
    await expect(send(url, 0)).rejects.toThrow('fetch failed')
    const from = await reached(url)
    expect(from % 262_144).toBe(0)
    expect((await send(url, from)).status).toBe(200)
    expect(await (await on.storage(`${listPath}/big?alt=media`)).text()).toBe(big)
  },
  'drop-download': async (on) => {
    await on.put(big, 'big')
    await expect((await on.storage(`${listPath}/big?alt=media`)).text()).rejects.toThrow()
    const rest = await on.storage(`${listPath}/big?alt=media`, { headers: { range: 'bytes=500000-' } })
    expect((await rest.text()).length).toBe(big.length - 500_000)
  },
  'short-download': async (on) => {
    await on.put(big, 'big')
    const response = await on.storage(`${listPath}/big?alt=media`)
    const text = await response.text()
    expect([text.length < big.length, Number(response.headers.get('content-length'))]).toEqual([true, text.length])
  },
  'content-502': async (on) => {
    await on.put('x', 'small')
    for (let time = 0; time < 2; time++) expect((await on.storage(`${listPath}/small?alt=media`)).status).toBe(502)
    expect(await (await on.storage(`${listPath}/small?alt=media`)).text()).toBe('x')
  },
  'upload-session-gone': async (on) => {
    expect((await send(await session(on), 0)).status).toBe(410)
    expect((await send(await session(on), 0)).status).toBe(200)
  },
  'upload-parts-short': async (on) => {
    const url = await session(on)
    let from = 0
    let parts = 0
    for (let status = 308; status === 308; parts++) {
      const response = await send(url, from)
      status = response.status
      from = Number(response.headers.get('range')?.split('-')[1] ?? -1) + 1
    }
    expect(parts).toBe(4)
    expect(await (await on.storage(`${listPath}/big?alt=media`)).text()).toBe(big)
  },
  'storm-429': (on) => storm(on, 5, 429),
  'storm-500': (on) => storm(on, 5, 500),
  'storm-503': (on) => storm(on, 5, 503),
  'html-200': async (on) => {
    expect(await (await on.storage(listPath)).text()).toContain('<html>')
  },
  'html-502': (on) => storm(on, 2, 502),
  'garbage-json': async (on) => {
    await expect((await on.storage(listPath)).json()).rejects.toThrow(SyntaxError)
  },
  resets: async (on) => {
    for (let time = 0; time < 3; time++) await expect(on.storage(listPath)).rejects.toThrow('fetch failed')
    await on.put(lines(1))
  },
  'slow-answers': async (on) => {
    const before = performance.now()
    await on.storage(listPath)
    expect(performance.now() - before).toBeGreaterThan(290)
  },
  'wrong-key': async (on) => {
    expect((await on.storage(listPath)).status).toBe(401)
  },
  forbidden: async (on) => {
    expect((await on.storage(listPath)).status).toBe(403)
  },
}
