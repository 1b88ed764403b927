import { compactJson } from '../compact-json.ts'
import { isJson, type Json, list } from '../json.ts'
import type { Prompt } from '../prompt-cache.ts'
import { tokensIn } from '../usage.ts'
import { field } from './proto-json.ts'

/** An image, a page or a sound: a flat figure, as nothing of it is looked at. */
const attachmentTokens = 258

export interface ReadPrompt extends Prompt {
  /** Tokens by kind of content, in the vendor's words; those that are not there are left out. */
  readonly details: readonly { readonly modality: string; readonly tokenCount: number }[]
  /** References to files, which must exist. */
  readonly fileUris: readonly string[]
}

/** What the model reads of a request: tools, then the system instruction, then the turns. */
export function promptOf(request: Json): ReadPrompt {
  const tools = field(request, 'tools')
  let text = tools === undefined ? '' : compactJson(tools)
  const attachments = new Map<string, number>()
  const fileUris: string[] = []
  const system = field(request, 'systemInstruction')
  for (const content of [...(system === undefined ? [] : [system]), ...contentsOf(field(request, 'contents'))]) {
    for (const part of partsOf(content)) {
      if (!isJson(part)) continue
      if (typeof part['text'] === 'string') text += `\n${part['text']}`
      const inline = field(part, 'inlineData')
      const file = field(part, 'fileData')
      for (const data of [inline, file]) {
        if (!isJson(data)) continue
        const modality = modalityOf(String(field(data, 'mimeType') ?? ''))
        attachments.set(modality, (attachments.get(modality) ?? 0) + attachmentTokens)
      }
      if (isJson(file)) fileUris.push(String(field(file, 'fileUri') ?? ''))
      const call = field(part, 'functionCall') ?? field(part, 'functionResponse')
      if (call !== undefined) text += `\n${compactJson(call)}`
    }
  }
  const textTokens = tokensIn(text)
  const details = [
    ...(textTokens > 0 ? [{ modality: 'TEXT', tokenCount: textTokens }] : []),
    ...[...attachments].map(([modality, tokenCount]) => ({ modality, tokenCount })),
  ]
  return { text, tokens: details.reduce((sum, { tokenCount }) => sum + tokenCount, 0), details, fileUris }
}

/** A single content may stand where a list of them belongs. */
export function contentsOf(contents: unknown): readonly unknown[] {
  return isJson(contents) ? [contents] : list(contents)
}

export function partsOf(content: unknown): readonly unknown[] {
  if (!isJson(content)) return []
  const parts = content['parts']
  return isJson(parts) ? [parts] : list(parts)
}

function modalityOf(mimeType: string): string {
  const kind = mimeType.split('/', 1)[0]
  if (kind === 'image' || kind === 'audio' || kind === 'video') return kind.toUpperCase()
  return mimeType === 'application/pdf' ? 'DOCUMENT' : 'TEXT'
}
