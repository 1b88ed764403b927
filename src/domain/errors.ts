/**
 * Errors are classes: code, retryable, hint, fields, cause. The message says what happened with the numbers, the hint
 * says what to do next; nobody parses a message. `exitCode` is what the CLI ends with.
 */
export abstract class RedeyeError extends Error {
  abstract readonly code: string
  /** 2 usage or bad input · 3 refused · 4 provider or store unavailable. */
  abstract readonly exitCode: 1 | 2 | 3 | 4 | 75
  readonly retryable: boolean = false
  readonly hint: string = ''
  override get name(): string {
    return this.constructor.name
  }
}

/** One bad line of the input. */
export interface LineProblem {
  readonly file: string
  readonly line: number
  readonly message: string
}

export class UsageError extends RedeyeError {
  readonly code: string = 'usage'
  readonly exitCode = 2
  override readonly hint: string
  constructor(message: string, hint = 'See `redeye --help`.') {
    super(message)
    this.hint = hint
  }
}

export class BadInput extends RedeyeError {
  readonly code = 'bad_input'
  readonly exitCode = 2
  override readonly hint: string
  readonly problems: readonly LineProblem[]
  readonly total: number
  /** @param problems the first 100, in order; @param total how many there are in all */
  constructor(
    problems: readonly LineProblem[],
    total: number,
    hint = 'Nothing was sent. Mend the lines, or set them aside with --skip-invalid.',
  ) {
    const shown = problems.map(({ file, line, message }) => `${file}:${line}: ${message}`)
    const more = total > problems.length ? [`… and ${total - problems.length} more`] : []
    super([`${total} bad ${total === 1 ? 'line' : 'lines'} in the input:`, ...shown, ...more].join('\n'))
    this.problems = problems
    this.total = total
    this.hint = hint
  }
}

export class UnreadableInput extends RedeyeError {
  readonly code = 'unreadable_input'
  readonly exitCode = 2
  override readonly hint = 'Nothing was sent.'
  constructor(file: string, what: string, options?: { cause?: unknown }) {
    super(`${file}: ${what}`, options)
  }
}

/** A usage log of a kind that is not understood. */
export class UnknownLog extends RedeyeError {
  readonly code = 'unknown_log'
  readonly exitCode = 2
  override readonly hint: string
  /**
   * @param found  its columns
   * @param known  the kinds there are, and what each wants
   */
  constructor(
    file: string,
    found: readonly string[],
    known: readonly { readonly label: string; readonly wants: readonly string[] }[],
  ) {
    const some = found.slice(0, 20).join(', ')
    super(`${file}: no log of a kind that is known; it has ${some === '' ? 'no columns' : some}.`)
    const kinds = known.map(({ label, wants }) => `\n· ${label}: ${wants.join(', ')}`)
    this.hint = `Wanted are the columns of one of these:${kinds.join('')}\nA table of your own: --columns time=COLUMN,model=COLUMN,input=COLUMN,output=COLUMN`
  }
}

/** The vendor has turned down a request that went ahead of the others: they would have fared no better. */
export class PreflightRejected extends RedeyeError {
  readonly code = 'preflight_rejected'
  readonly exitCode = 2
  override readonly hint =
    'Nothing else was sent. Mend the input or the parameters and start a new job, under another --key; or send all of it regardless by --no-preflight.'
  constructor(jobId: string, message: string) {
    super(`Job ${jobId} was stopped by the first of its requests. ${message}`)
  }
}

export class KeyConflict extends RedeyeError {
  readonly code = 'key_conflict'
  readonly exitCode = 2
  override readonly hint =
    'A key names one job for ever. Use another --key, or the same input and options as the first time.'
  constructor(key: string, jobId: string, was: string, is: string) {
    super(`Key "${key}" belongs to ${jobId}, whose input and options have digest ${was}; these have ${is}.`)
  }
}

export class UnknownJob extends RedeyeError {
  readonly code = 'unknown_job'
  readonly exitCode = 2
  override readonly hint = '`redeye list` shows the jobs of this home; REDEYE_HOME or --home names another.'
  constructor(id: string, home: string) {
    super(`There is no job ${id} in ${home}.`)
  }
}

/** The vendor of a model cannot be told to work there. */
export class UnknownRegion extends RedeyeError {
  readonly code = 'unknown_region'
  readonly exitCode = 2
  override readonly hint: string
  /**
   * @param has        regions of that vendor for that model
   * @param elsewhere  vendors that have the region
   */
  constructor(
    region: string,
    at: { vendor: string; model: string },
    has: readonly string[],
    elsewhere: readonly string[],
  ) {
    const what = has.length === 0 ? 'it has none' : `it has ${has.join(', ')}`
    super(`${at.vendor} has no region "${region}" for ${at.model}; ${what}.`)
    const others = elsewhere.length === 0 ? '' : ` Vendors with a region "${region}": ${elsewhere.join(', ')}.`
    this.hint = `Nothing was sent. Name another --region or leave it out.${others}`
  }
}

/** A name that the price catalogue does not know. */
export class UnknownModel extends RedeyeError {
  readonly code = 'unknown_model'
  readonly exitCode = 2
  override readonly hint: string
  /** Names like it that the catalogue knows, the nearest first. */
  readonly near: readonly string[]
  constructor(model: string, near: readonly string[]) {
    super(`The catalogue has no model "${model}".`)
    this.near = near
    const meant = near.length === 0 ? '' : `Did you mean ${near.join(', ')}? `
    this.hint = `${meant}\`redeye prices --models\` lists the models there are.`
  }
}

export class PriceMissing extends RedeyeError {
  readonly code = 'price_missing'
  readonly exitCode = 3
  override readonly hint = 'Redeye never guesses a price. Fly without one by --allow-unpriced; the receipt will say so.'
  /** @param why  the sentence that says so better: what is wrong with the price that was found */
  constructor(model: string, what: string, why?: string) {
    super(why ?? `No price is known for ${what} of model "${model}".`)
  }
}

export class Refused extends RedeyeError {
  readonly code: string
  readonly exitCode = 3
  override readonly hint: string
  constructor(code: string, message: string, hint: string) {
    super(message)
    this.code = code
    this.hint = hint
  }
}

export class NoCredentials extends RedeyeError {
  readonly code = 'no_credentials'
  readonly exitCode = 4
  override readonly hint: string
  constructor(vendor: string, variable: string) {
    super(`No API key for ${vendor}: ${variable} is not set.`)
    this.hint = `Set ${variable} and run the same command again; nothing is lost and nothing was bought.`
  }
}

/** What an organization used is told to its administrators only. */
export class NoAdminKey extends RedeyeError {
  readonly code = 'no_admin_key'
  readonly exitCode = 4
  override readonly hint: string
  constructor(vendor: string, variable: string) {
    super(`No administrator's key for ${vendor}: ${variable} is not set.`)
    this.hint = `The vendor's reports are read with it, and nothing else is done. Make one in the vendor's console, set ${variable}, and run the same command again.`
  }
}

/** The job was bought with another account than the one this process has. */
export class OtherAccount extends RedeyeError {
  readonly code = 'other_account'
  readonly exitCode = 4
  override readonly hint: string
  constructor(vendor: string, was: string, is: string, variables: string) {
    super(`This was bought at ${vendor} with the account ${was}; this process has ${is}.`)
    this.hint = `Set ${variables} as they were when it was submitted, or run it where its redeye.config is.`
  }
}

export class JobHeld extends RedeyeError {
  readonly code: string
  readonly exitCode: 3 | 4
  override readonly hint: string
  override readonly retryable = true
  constructor(jobId: string, reason: string, message: string, hint: string) {
    super(`Job ${jobId} is held (${reason}): ${message}`)
    this.code = `held_${reason}`
    this.exitCode = reason === 'budget' ? 3 : 4
    this.hint = hint
  }
}

/** The vendor could not be reached, or answered what no contract of it explains. */
export class VendorUnavailable extends RedeyeError {
  readonly code = 'vendor_unavailable'
  readonly exitCode = 4
  override readonly retryable = true
  override readonly hint: string
  readonly status: number | undefined
  constructor(message: string, options: { hint?: string; status?: number; cause?: unknown } = {}) {
    super(message, { cause: options.cause })
    this.status = options.status
    this.hint = options.hint ?? 'The job is kept and resumes when the vendor answers again: redeye watch JOB.'
  }
}

export class StoreUnavailable extends RedeyeError {
  readonly code = 'store_unavailable'
  readonly exitCode = 4
  override readonly retryable = true
  override readonly hint: string
  constructor(message: string, hint: string, options?: { cause?: unknown }) {
    super(message, options)
    this.hint = hint
  }
}

export class NotReady extends RedeyeError {
  readonly code = 'not_ready'
  readonly exitCode = 75
  override readonly retryable = true
  override readonly hint: string
  constructor(jobId: string, state: string) {
    super(`Job ${jobId} is still ${state}.`)
    this.hint = `redeye wait ${jobId} waits for it.`
  }
}
