/** Who sells, by the names that gateways and conventions have for them. */
const sellers: Readonly<Record<string, string>> = {
  openai: 'openai',
  anthropic: 'anthropic',
  gemini: 'gemini',
  google: 'gemini',
  google_genai: 'gemini',
  'gcp.gemini': 'gemini',
  'gcp.gen_ai': 'gemini',
  vertex: 'vertex',
  vertex_ai: 'vertex',
  'vertex_ai-language-models': 'vertex',
  'vertex_ai-anthropic_models': 'vertex',
  'gcp.vertex_ai': 'vertex',
}

/**
 * The seller, and the model as the seller names it: from a vendor's name beside the model or before it
 * (`vertex_ai/gemini-2.5-pro`). A name that is not ours is kept as it is: nobody's prices are used for another's calls.
 * @returns seller undefined: the log does not say
 */
export function sellerIn(
  vendor: string,
  model: string,
): { readonly seller: string | undefined; readonly model: string } {
  const slash = model.indexOf('/')
  const before = slash < 0 ? undefined : (sellers[model.slice(0, slash).toLowerCase()] ?? undefined)
  const named = vendor === '' ? undefined : (sellers[vendor.toLowerCase()] ?? vendor.toLowerCase())
  if (before !== undefined) return { seller: named ?? before, model: model.slice(slash + 1) }
  return { seller: named, model }
}
