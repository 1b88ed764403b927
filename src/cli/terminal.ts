import { once } from 'node:events'

/**
 * Results and answers go to stdout, everything said along the way to stderr. On a terminal one line at its foot is
 * written over again and again.
 */
let foot = ''

export const onTerminal = (): boolean => process.stderr.isTTY === true

export function out(text: string): void {
  clear()
  process.stdout.write(`${withoutSecrets(text)}\n`)
}

export function say(text: string): void {
  clear()
  process.stderr.write(`${withoutSecrets(text)}\n`)
}

/** Replaces the line at the foot; only for terminals. */
export function show(text: string): void {
  const line = text.slice(0, Math.max(20, (process.stderr.columns ?? 80) - 1))
  if (line === foot) return
  clear()
  foot = line
  process.stderr.write(line)
}

export function clear(): void {
  if (foot === '') return
  foot = ''
  process.stderr.write('\r\u001b[2K')
}

/** Result bytes, at the pace of whoever reads them. */
export async function pour(blocks: AsyncIterable<Uint8Array>): Promise<void> {
  for await (const block of blocks) if (!process.stdout.write(block)) await once(process.stdout, 'drain')
}

/** Whether somebody is there to be asked. */
export const canAsk = (): boolean => process.stdin.isTTY === true && process.stderr.isTTY === true

export async function ask(question: string): Promise<boolean> {
  const { createInterface } = await import('node:readline/promises')
  clear()
  // Not as a terminal: Ctrl-C then stays a signal, and whoever handles signals hears of it.
  const lines = createInterface({ input: process.stdin, output: process.stderr, terminal: false })
  try {
    const answer = await Promise.race([lines.question(`${question} [y/N] `), once(lines, 'close').then(() => '')])
    return /^y(es)?$/i.test(answer.trim())
  } finally {
    lines.close()
  }
}

/** Vendors may echo a key in their errors. */
function withoutSecrets(text: string): string {
  let safe = text
  for (const [name, value] of Object.entries(process.env)) {
    if (value !== undefined && value.length >= 8 && /((API|ADMIN)_?KEY|TOKEN|SECRET|PASSWORD)$/i.test(name))
      safe = safe.replaceAll(value, '***')
  }
  return safe
}
