import { z } from 'zod'
import { UsageError } from '../domain/errors.ts'
import { hoursOf, isZone } from '../kit/wall-time.ts'
import type { AccountConfig, EngineAccountConfig, RedeyeConfig, VendorAccountConfig } from './config.ts'

/** What the config has to know of a vendor. */
export interface KnownVendor {
  readonly regions: readonly string[]
  /** Members of an account that are this vendor's own. */
  readonly accountSettings: readonly string[]
}

const variable = z.string().regex(/^[A-Za-z_][A-Za-z0-9_]*$/, 'should be the name of a variable, as OPENAI_API_KEY_2')
const url = z.url({ protocol: /^https?$/, error: 'should be an address, as https://example.com/v1' }).refine(
  (text) => {
    const { username, password } = new URL(text)
    return username === '' && password === ''
  },
  { error: 'holds a password; keys never lie in the file: name a variable by apiKeyEnv' },
)
const usd = z.number().min(0)
const whole = z.int().min(1)
const named = {
  name: z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._-]*$/, 'should be letters, digits, ".", "_" and "-"'),
  apiKeyEnv: variable.optional(),
}

const vendorAccount = z.strictObject({
  ...named,
  provider: z.string(),
  baseUrl: url.optional(),
  region: z.string().optional(),
  environment: z.record(variable, z.string()).optional(),
  exclusive: z.boolean().optional(),
  completionWindowField: z
    .string()
    .regex(/^\w+(\.\w+)*$/, 'should be a member, as options.window')
    .optional(),
})

const engineAccount = z.strictObject({
  ...named,
  provider: z.literal('own'),
  baseUrl: url,
  models: z.array(z.string().min(1)).min(1).optional(),
  window: z
    .string()
    .refine((text) => hoursOf(text) !== undefined, 'should be hours, as 22:00-06:00')
    .optional(),
  tz: z.string().refine(isZone, 'should be a time zone, as Europe/Berlin').optional(),
  yieldWhen: z.strictObject({ waiting: whole }).optional(),
  metricsUrl: url.optional(),
  placesMax: whole.optional(),
  usdPerMillionTokens: z.strictObject({ input: usd, output: usd }).optional(),
  usdPerHour: usd.optional(),
  gpus: z.number().positive().optional(),
  tokensPerSecond: z.number().positive().optional(),
})

/** What a variable of this name holds is nobody's to write into a file. */
const secret = /(API_?KEY|TOKEN|SECRET|PASSWORD)$/i

/**
 * The config as it should be.
 * @param file     as it is named in the error
 * @param vendors  by name, those that the build has
 * @throws UsageError with the path of each member that is wrong
 */
export function checkConfig(
  value: unknown,
  file: string,
  vendors: Readonly<Record<string, KnownVendor>>,
): RedeyeConfig {
  const outer = z.strictObject({ accounts: z.array(z.looseObject({})).optional() }).safeParse(value)
  const problems = problemsIn(outer)
  const accounts: AccountConfig[] = []
  for (const [at, given] of (outer.data?.accounts ?? []).entries()) {
    const read = given['provider'] === 'own' ? engineAccount.safeParse(given) : vendorAccount.safeParse(given)
    const found = [...problemsIn(read), ...(read.success ? misfits(read.data as AccountConfig, vendors) : [])]
    problems.push(...found.map((problem) => ({ ...problem, path: ['accounts', at, ...problem.path] })))
    if (read.success) accounts.push(read.data as AccountConfig)
  }
  problems.push(...sameNames(outer.data?.accounts ?? []))
  if (problems.length === 0) return { accounts }
  const lines = problems.map(({ path, message }) => `${file}: ${pathText(path)} ${message}`)
  throw new UsageError(lines.join('\n'), 'Nothing was sent. docs/own-engines.md and docs/operations.md show accounts.')
}

interface Problem {
  readonly path: readonly PropertyKey[]
  readonly message: string
}

const isEngine = (account: AccountConfig): account is EngineAccountConfig => account.provider === 'own'

/** What is right by itself, and wrong for its vendor. */
function misfits(account: AccountConfig, vendors: Readonly<Record<string, KnownVendor>>): Problem[] {
  const problems: Problem[] = []
  const wrong = (path: string, message: string): void => void problems.push({ path: path.split('.'), message })
  if (Object.hasOwn(vendors, account.name)) wrong('name', `is the name of a vendor`)
  if (isEngine(account)) {
    if (account.usdPerHour !== undefined && account.usdPerMillionTokens !== undefined)
      wrong('usdPerHour', 'says what usdPerMillionTokens says otherwise; name one of the two')
    return problems
  }
  const { provider, region, environment = {}, baseUrl }: VendorAccountConfig = account
  const vendor = Object.hasOwn(vendors, provider) ? vendors[provider] : undefined
  if (vendor === undefined) {
    wrong('provider', `is no vendor; there are ${Object.keys(vendors).join(', ')}`)
    return problems
  }
  if (region !== undefined && !vendor.regions.includes(region))
    wrong('region', `is none of ${provider}; ${some('it has', vendor.regions)}`)
  if (region !== undefined && baseUrl !== undefined) wrong('region', 'cannot move a base URL of your own')
  for (const name of Object.keys(environment))
    if (secret.test(name)) wrong(`environment.${name}`, 'is a key, and keys never lie in the file: use apiKeyEnv')
  if (account.completionWindowField !== undefined && !vendor.accountSettings.includes('completionWindowField'))
    wrong('completionWindowField', `is nothing that ${provider} has`)
  return problems
}

const some = (what: string, list: readonly string[]): string => `${what} ${list.join(', ') || 'none'}`

function sameNames(accounts: readonly Readonly<Record<string, unknown>>[]): Problem[] {
  const names = accounts.map(({ name }) => name)
  return names.flatMap((name, at) =>
    name !== undefined && names.indexOf(name) < at
      ? [{ path: ['accounts', at, 'name'], message: `is also the name of accounts[${names.indexOf(name)}]` }]
      : [],
  )
}

/** Members that nobody knows stand under their own path. */
function problemsIn({ error }: { readonly error?: z.ZodError | undefined }): Problem[] {
  return (error?.issues ?? []).flatMap((issue): Problem[] =>
    issue.code === 'unrecognized_keys'
      ? issue.keys.map((key) => ({ path: [...issue.path, key], message: unknownText(key) }))
      : [{ path: issue.path, message: issue.message.replace(/^Invalid input: /, '') }],
  )
}

const unknownText = (key: string): string =>
  /^(api)?_?(key|token)$/i.test(key) ? 'is a key, and keys never lie in the file: use apiKeyEnv' : 'is no member here'

/** `accounts[1].yieldWhen.waiting` */
const pathText = (path: readonly PropertyKey[]): string =>
  path
    .map((part) => (typeof part === 'number' ? `[${part}]` : `.${String(part)}`))
    .join('')
    .replace(/^\./, '') || 'the whole'
