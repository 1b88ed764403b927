import { createHash } from 'node:crypto'
import { isRow } from './fields.ts'

/**
 * What a log holds of a prompt, as one text: how it is wrapped does not matter where it is the same in all lines.
 * Empty where the log keeps no prompts.
 */
export function promptIn(value: unknown): string {
  const parsed = typeof value === 'string' ? (jsonIn(value) ?? value) : value
  if (typeof parsed === 'string') return parsed
  if (!isRow(parsed)) return Array.isArray(parsed) && parsed.length > 0 ? JSON.stringify(parsed) : ''
  const parts = [parsed['system'], parsed['instructions'], parsed['tools'], parsed['messages'] ?? parsed['input']]
  const told = parts.filter((part) => part !== undefined && part !== null)
  return told.length === 0 ? '' : JSON.stringify(told.length === 1 ? told[0] : told)
}

function jsonIn(text: string): unknown {
  if (!/^\s*[[{]/.test(text)) return undefined
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

const systemMessage = /"role":"(?:system|developer)","(?:content|parts)":(.{20,400})/

/**
 * A name for the system prompt, the same for all calls that share it: a digest, because the words themselves should
 * not travel into a report.
 */
export function templateIn(prompt: string): string {
  const system = systemMessage.exec(prompt)?.[1]
  return system === undefined ? '' : `prompt ${createHash('sha256').update(system).digest('hex').slice(0, 7)}`
}
