import { createHash } from 'node:crypto'
import type { Content } from '../contract.ts'

/**
 * What a request asks, as a digest: the same for the body that was sent and for its echo, in whatever order and by
 * whichever of the two spellings its members are written there. What the frame of a row adds, and the model, which
 * it takes away, are not part of it.
 */
export const content: Content = {
  ofBody: (body) => digestOf(parsed(body)),
  ofRow: (line) => digestOf((parsed(line) as { request?: unknown }).request),
}

const parsed = (bytes: Uint8Array): unknown =>
  JSON.parse(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString())

function digestOf(request: unknown): string {
  const {
    labels: _labels,
    anthropic_version: _version,
    model: _model,
    ...asked
  } = (request ?? {}) as Record<string, unknown>
  return createHash('sha256')
    .update(JSON.stringify(inOrder(asked)))
    .digest('base64')
}

function inOrder(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(inOrder)
  if (typeof value !== 'object' || value === null) return value
  const members = Object.entries(value).map(([name, member]) => [camel(name), inOrder(member)] as const)
  return Object.fromEntries(members.sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)))
}

const camel = (name: string): string => name.replace(/_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase())
