import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { createWriteStream } from 'node:fs'
import { rm } from 'node:fs/promises'
import { finished } from 'node:stream/promises'
import { JsonScan } from '../../kit/json-scan.ts'
import { extra, invalid, type Problem, required, tooLarge } from './errors.ts'
import { BodyBroken, type Oddity, RequestsScanner } from './requests-scanner.ts'

export const limits = {
  requestsMax: 100_000,
  /** MB or MiB is not said: the smaller. */
  bytesMax: 256_000_000,
  customId: /^[a-zA-Z0-9_-]{1,64}$/,
}

/** The requests of a create, one a line in a file, and checked as far as the vendor checks them at once. */
export interface Intake {
  readonly path: string
  readonly requests: number
  readonly bytes: number
  /** sha256 over the custom ids, in their order. */
  readonly idsDigest: string
  /** The first thing that is wrong; nothing is created then. */
  readonly problem: Problem | null
  /** Removes the file. */
  discard(): Promise<void>
}

/**
 * Reads the body of a create as it comes: `requests` go to disk one by one. The body is always read to its end, as an
 * answer in mid-flight would only break the client's connection.
 * @param onBytes  told how much came so far
 */
export async function takeIn(
  body: AsyncIterable<Buffer>,
  path: string,
  bytesMax: number,
  onBytes: (bytes: number) => void,
): Promise<Intake> {
  const file = createWriteStream(path, { highWaterMark: 1 << 20 })
  const closed = new Promise<void>((resolve) => file.once('close', () => resolve()))
  // Heard of by whoever waits for it to drain or to finish; unheard, it would end the process.
  file.on('error', () => undefined)
  const checks = createChecks()
  const scanner = new RequestsScanner((item) => {
    if (checks.problem) return
    checks.check(item)
    file.write(item)
    file.write('\n')
  })
  let bytes = 0
  let broken: string | undefined
  const guarded = (step: () => Oddity | null | void) => {
    try {
      return step() ?? null
    } catch (error) {
      if (!(error instanceof BodyBroken)) throw error
      broken = error.message
      return null
    }
  }
  try {
    for await (const chunk of body) {
      bytes += chunk.length
      onBytes(bytes)
      if (broken === undefined && bytes <= bytesMax) guarded(() => scanner.push(chunk))
      if (file.writableNeedDrain) await once(file, 'drain')
    }
    const oddity = broken === undefined && bytes <= bytesMax ? guarded(() => scanner.end()) : null
    file.end()
    await finished(file)
    const malformed = broken === undefined ? null : invalid(`The request body is not valid JSON: ${broken}`)
    const problem = bytes > bytesMax ? tooLarge : (malformed ?? oddityProblem(oddity) ?? checks.finish())
    const discard = () => rm(path, { force: true })
    return { path, requests: checks.requests, bytes, idsDigest: checks.idsDigest(), problem, discard }
  } catch (error) {
    file.destroy()
    await closed
    await rm(path, { force: true })
    throw error
  }
}

function oddityProblem(oddity: Oddity | null): Problem | null {
  if (oddity === null) return null
  if (oddity === 'no-requests') return required('requests')
  if (oddity === 'not-a-list') return invalid('requests: Input should be a valid list')
  if (oddity === 'not-an-object') return invalid('Input should be a valid dictionary')
  return extra(oddity.extra)
}

interface Checks {
  readonly requests: number
  readonly problem: Problem | null
  check(item: Buffer): void
  finish(): Problem | null
  idsDigest(): string
}

/** What is said at once about a request: who it is. Its params are looked at when it is run. */
function createChecks(): Checks {
  const ids = new Set<string>()
  const hash = createHash('sha256')
  const scan = new JsonScan()
  let requests = 0
  let problem: Problem | null = null
  return {
    get requests() {
      return requests
    },
    get problem() {
      return problem
    },
    check(item) {
      const at = requests++
      if (requests > limits.requestsMax) return
      const found = identify(scan, item, `requests.${at}`)
      if (typeof found !== 'string') problem = found
      else if (ids.has(found)) {
        problem = invalid(`requests: custom_id's must be unique within a batch. Duplicate custom_id found: ${found}`)
      } else {
        ids.add(found)
        hash.update(`${found}\n`)
      }
    },
    finish() {
      if (problem) return problem
      if (requests === 0) return invalid('requests: List should have at least 1 item after validation, not 0')
      if (requests <= limits.requestsMax) return null
      return invalid(`requests: List should have at most ${limits.requestsMax} items after validation, not ${requests}`)
    },
    idsDigest: () => hash.digest('hex'),
  }
}

/** @returns the custom id of a request, or what is wrong with it */
function identify(scan: JsonScan, item: Buffer, path: string): string | Problem {
  scan.reset(item, 0, item.length)
  if (scan.peek() !== openObject) return invalid(`${path}: Input should be a valid dictionary`)
  let customId: string | undefined
  let idIsText = true
  let params: number | undefined
  let strange: string | undefined
  if (scan.enterObject()) {
    do {
      scan.key()
      const key = scan.text()
      const first = scan.peek()
      if (key === 'custom_id') idIsText = first === quote
      else if (key === 'params') params = first
      else strange ??= key
      scan.skip()
      if (key === 'custom_id' && idIsText) customId = scan.text()
    } while (scan.more())
  }
  if (!idIsText) return invalid(`${path}.custom_id: Input should be a valid string`)
  if (customId === undefined) return required(`${path}.custom_id`)
  if (customId.length > 64) return invalid(`${path}.custom_id: String should have at most 64 characters`)
  if (customId.length < 1) return invalid(`${path}.custom_id: String should have at least 1 character`)
  if (!limits.customId.test(customId)) {
    return invalid(`${path}.custom_id: String should match pattern '${limits.customId.source}'`)
  }
  if (params === undefined) return required(`${path}.params`)
  if (params !== openObject) return invalid(`${path}.params: Input should be a valid dictionary`)
  return strange === undefined ? customId : extra(`${path}.${strange}`)
}

const quote = 34
const openObject = 123
