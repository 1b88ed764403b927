type Body = Readonly<Record<string, unknown>>

/** What a request body says to the model, whatever its dialect: instructions, and what they are about. */
export interface Said {
  readonly system: string
  readonly user: string
}

export const promptFields: ReadonlySet<string> = new Set('messages input prompt contents content'.split(' '))
export const systemFields: ReadonlySet<string> = new Set(
  'instructions system systemInstruction system_instruction'.split(' '),
)

export function saidIn(body: Body): Said {
  const system: string[] = []
  const user: string[] = []
  for (const [name, value] of Object.entries(body)) {
    if (systemFields.has(name)) system.push(textOf(value))
    if (!promptFields.has(name)) continue
    for (const turn of Array.isArray(value) ? value : [value])
      (['system', 'developer'].includes(roleOf(turn)) ? system : user).push(textOf(turn))
  }
  return { system: system.join('\n'), user: user.join('\n') }
}

const roleOf = (turn: unknown): string => String((turn as { role?: unknown } | null)?.role ?? '')

function textOf(said: unknown): string {
  if (typeof said === 'string') return said
  if (Array.isArray(said)) return said.map(textOf).join('\n')
  const { text, content, parts } = (said ?? {}) as { text?: unknown; content?: unknown; parts?: unknown }
  return text === undefined && content === undefined && parts === undefined ? '' : textOf(text ?? content ?? parts)
}
