import { hash } from 'node:crypto'
import { type PromptBlock, promptBlocks } from '../../dialects/prompt-blocks.ts'
import type { ChatDialect } from '../../dialects/translation.ts'

/** A beginning of a prompt that ends with a block. */
export interface Level {
  /** Names it: beginnings are alike where their names are. */
  readonly key: number
  /** Of all of it, as JSON. */
  readonly bytes: number
  readonly block: PromptBlock
}

/** Blocks of one prompt that are looked at. */
const LEVELS_MAX = 32

/** The beginnings of a prompt that are at least so long, from short to long. */
export function levelsOf(dialect: ChatDialect, body: Buffer, least: number): Level[] {
  const levels: Level[] = []
  let [low, high, bytes] = [0x9e3779b1, 0x85ebca6b, 0]
  for (const block of promptBlocks(dialect, body, LEVELS_MAX)) {
    const digest = hash('sha1', body.subarray(block.from, block.to), 'buffer')
    low = mixed(low, digest.readUInt32LE(0))
    high = mixed(high, digest.readUInt32LE(4))
    bytes += block.to - block.from
    if (bytes >= least) levels.push({ key: (high >>> 11) * 2 ** 32 + (low >>> 0), bytes, block })
  }
  return levels
}

function mixed(before: number, next: number): number {
  const one = Math.imul(before ^ next, 0x85ebca6b)
  return Math.imul(one ^ (one >>> 15), 0xc2b2ae35) ^ (one >>> 13)
}

/**
 * Those of them whose end can be marked. Of a request that has such a mark of its own there are none: it says itself
 * what is to be kept.
 * @param member  JSON text of the mark
 */
export function markableLevels(dialect: ChatDialect, body: Buffer, least: number, member: string): Level[] {
  if (body.indexOf(member.slice(0, member.indexOf(':'))) >= 0) return []
  return levelsOf(dialect, body, least).filter(({ block }) => block.mark(member) !== null)
}
