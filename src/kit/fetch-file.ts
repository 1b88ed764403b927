import { lookup as dnsLookup, type LookupAddress } from 'node:dns'
import { createWriteStream } from 'node:fs'
import { BlockList, isIP, type LookupFunction } from 'node:net'
import { pipeline } from 'node:stream/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import { Agent, type Dispatcher, request } from 'undici'
import { MINUTE, SECOND } from './clock.ts'

/** Brings what lies at an https address into a file. Throws NotFetched. */
export type FetchFile = (address: string, into: string, bytesMax: number) => Promise<void>

/** What was at the address, or why it was not asked: a sentence about it. */
export class NotFetched extends Error {
  override readonly name = 'NotFetched'
}

const REDIRECTS_MAX = 5
const TRIES = 3
const TRY_AFTER_MS = SECOND

/**
 * Documents are fetched for rows that somebody else may have written: so only over https, and never from this machine
 * or the network around it, whatever a name resolves or an answer redirects to.
 * @param dispatcher  what carries the calls; of tests
 */
export function openFetchFile(dispatcher: Dispatcher = guarded()): FetchFile {
  return async (address, into, bytesMax) => {
    for (let tries = 1; ; tries++) {
      const again = await fetchOnce(dispatcher, address, { into, bytesMax })
      if (again === undefined) return
      if (tries === TRIES) throw again
      await sleep(TRY_AFTER_MS * tries)
    }
  }
}

const guarded = (): Dispatcher =>
  new Agent({
    connect: { timeout: 10 * SECOND, lookup: publicLookup as LookupFunction },
    headersTimeout: MINUTE,
    bodyTimeout: MINUTE,
  })

interface Fetching {
  readonly into: string
  readonly bytesMax: number
}

/** Returns what went wrong where another try may help. */
async function fetchOnce(dispatcher: Dispatcher, address: string, how: Fetching): Promise<NotFetched | undefined> {
  let at = address
  for (let redirects = 0; redirects <= REDIRECTS_MAX; redirects++) {
    checkAddress(at)
    let answer: Dispatcher.ResponseData
    try {
      answer = await request(at, { dispatcher })
    } catch (error) {
      const { cause, message } = error as Error
      const refused = [error, cause].find((one) => one instanceof NotFetched)
      if (refused !== undefined) throw refused
      return new NotFetched(`could not be fetched: ${message}`)
    }
    const { statusCode: status, headers, body } = answer
    if (status === 200) return keep(answer, how)
    await body.dump()
    if (status === 429 || status >= 500) return new NotFetched(`could not be fetched: the server answers ${status}`)
    const location = headers['location']
    if (status < 300 || status > 399 || typeof location !== 'string')
      throw new NotFetched(`could not be fetched: the server answers ${status}`)
    at = new URL(location, at).href
  }
  throw new NotFetched(`is redirected more than ${REDIRECTS_MAX} times`)
}

async function keep(
  { headers, body }: Dispatcher.ResponseData,
  { into, bytesMax }: Fetching,
): Promise<undefined | NotFetched> {
  const tooLarge = new NotFetched(`is larger than ${bytesMax} bytes`)
  if (Number(headers['content-length'] ?? 0) > bytesMax) {
    body.destroy()
    throw tooLarge
  }
  let bytes = 0
  const counted = async function* (chunks: AsyncIterable<Uint8Array>) {
    for await (const chunk of chunks) {
      bytes += chunk.length
      if (bytes > bytesMax) throw tooLarge
      yield chunk
    }
  }
  try {
    await pipeline(body, counted, createWriteStream(into))
    return undefined
  } catch (error) {
    if (error === tooLarge) throw tooLarge
    return new NotFetched(`could not be fetched whole: ${(error as Error).message}`)
  }
}

function checkAddress(address: string): void {
  const url = URL.parse(address)
  if (url?.protocol !== 'https:') throw new NotFetched('is no https address, or is redirected to another kind')
  const host = url.hostname.replace(/^\[|\]$/g, '')
  if (isIP(host) !== 0 && isPrivate(host)) throw new NotFetched(privately)
}

const privately = 'lies on this machine or in its own network, from where nothing is fetched; name the file instead'

const privateNetworks = new BlockList()
for (const [network, bits] of [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['224.0.0.0', 3],
] as const)
  privateNetworks.addSubnet(network, bits, 'ipv4')
for (const [network, bits] of [
  ['::', 127],
  ['fc00::', 7],
  ['fe80::', 10],
  ['ff00::', 8],
] as const)
  privateNetworks.addSubnet(network, bits, 'ipv6')

/** An IPv4 address in the clothes of IPv6 is checked as what it is. */
export const isPrivate = (address: string): boolean =>
  privateNetworks.check(address, isIP(address) === 6 ? 'ipv6' : 'ipv4')

/** Resolves as usual, and refuses a name that any private address answers for. */
function publicLookup(
  host: string,
  options: object,
  done: (error: Error | null, addresses: LookupAddress[]) => void,
): void {
  dnsLookup(host, { ...options, all: true }, (error, addresses) => {
    if (error !== null) done(error, [])
    else if (addresses.some(({ address }) => isPrivate(address))) done(new NotFetched(privately), [])
    else done(null, addresses)
  })
}
