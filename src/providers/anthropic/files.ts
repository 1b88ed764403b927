import { VendorUnavailable } from '../../domain/errors.ts'
import { MINUTE } from '../../kit/clock.ts'
import { type Attachment, type Call, type Leftover, PrepareRefused, type Reference } from '../contract.ts'
import { attachmentKeyIn, attachmentName } from '../keys.ts'
import { ask, succeeded, unexpected } from './calls.ts'
import { fileOf, filePageOf, type ListedFile, refusalOf } from './wire.ts'

/** Files that requests name by their id. They are in the general availability: no beta header goes with them. */

const files = '/v1/files'
const uploadAnswerMs = 5 * MINUTE
const pageSize = 1000

/** Ids of files have no form of their own, so ours say what they are. */
const place = 'files/'
export const isFile = (id: string): boolean => id.startsWith(place)
const pathOf = (id: string): string => `${files}/${encodeURIComponent(id.slice(place.length))}`

export async function attach(call: Call, file: Attachment): Promise<Reference> {
  const boundary = `redeye-${file.key}` // improbable enough in any file
  const head = Buffer.from(
    `--${boundary}\r\nContent-Disposition: form-data; name="file"; filename="${attachmentName(file)}"\r\n` +
      `Content-Type: ${file.type}\r\n\r\n`,
  )
  const tail = Buffer.from(`\r\n--${boundary}--\r\n`)
  const answer = await ask(call, 'POST', files, {
    headers: { 'content-type': `multipart/form-data; boundary=${boundary}` },
    headersTimeoutMs: uploadAnswerMs,
    body: {
      bytes: head.length + file.bytes + tail.length,
      async *stream() {
        yield head
        yield* file.body()
        yield tail
      },
    },
  })
  const refusal = refusalOf(answer)
  if (refusal) throw new PrepareRefused(refusal)
  const stored = succeeded(answer) ? fileOf(answer.json) : undefined
  if (!stored) throw unexpected(answer, 'the upload of a file')
  if (stored.bytes !== null && stored.bytes !== file.bytes)
    throw new VendorUnavailable(`Anthropic holds ${stored.bytes} bytes of the ${file.bytes} uploaded as ${stored.id}.`)
  return { fileId: place + stored.id, text: stored.id, expiresAt: stored.expiresAt }
}

export async function removeFile(call: Call, id: string): Promise<void> {
  const answer = await ask(call, 'DELETE', pathOf(id))
  if (answer.status !== 404 && !succeeded(answer)) throw unexpected(answer, `deleting the file ${id}`)
}

/** Those that bear a key of ours as their name. */
export async function* attachmentsAt(call: Call): AsyncGenerator<Leftover> {
  for await (const { id, filename, bytes, createdAt } of listed(call)) {
    const key = attachmentKeyIn(filename)
    if (key === undefined) continue
    yield { kind: 'attachment', id: place + id, key, bytes, createdAt, running: false, removable: true }
  }
}

async function* listed(call: Call): AsyncGenerator<ListedFile> {
  const pages = new Set<string>()
  for (let page: string | null = ''; page !== null; ) {
    const query: string = page === '' ? '' : `&page=${encodeURIComponent(page)}`
    const answer = await ask(call, 'GET', `${files}?limit=${pageSize}${query}`)
    if (answer.status === 404 && page === '') return // a gateway without files
    const found = succeeded(answer) ? filePageOf(answer.json) : undefined
    if (!found) throw unexpected(answer, 'the list of files')
    yield* found.files
    if (found.next !== null && pages.has(found.next))
      throw new VendorUnavailable('The vendor repeats one page of its list of files for ever.')
    pages.add(found.next ?? '')
    page = found.next
  }
}
