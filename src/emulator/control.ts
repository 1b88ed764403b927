import { type Bill, billOf } from './bill.ts'
import { billingExport } from './billing-export.ts'
import { wholeBody } from './body.ts'
import type { Clock } from './clock.ts'
import { parsedJson } from './json.ts'
import { type Act, type ActLog, type Purchase, type Tally, tallyOf } from './log.ts'
import { listedTogether, type ScenarioListing, ScenarioUnknown } from './scenarios.ts'
import { type Exchange, sendJson, sendText, type Vendor } from './server.ts'

/** What the log tells: every act, and every purchase with who is in it. */
export interface EmulatorLog {
  readonly acts: readonly Act[]
  readonly purchases: readonly Purchase[]
}

/** Everything a test may ask of, or do to, a running emulator; the same over HTTP and in process. */
export interface Control {
  readonly scenarios: readonly ScenarioListing[]
  log(options?: { readonly ids?: boolean }): Promise<EmulatorLog>
  tally(): Promise<Tally>
  bill(): Promise<Bill>
  /** The CSV that Google's billing reports export. */
  billingExport(): Promise<string>
  setScenario(scenario: string | readonly string[]): void
  activeScenarios(): readonly string[]
}

export function createControl(vendors: readonly Vendor[], actLog: ActLog): Control {
  const purchases = async (withRows: boolean) => {
    const all = await Promise.all(vendors.map((vendor) => vendor.purchases(withRows)))
    return all.flat()
  }
  const charges = async () => (await Promise.all(vendors.map((vendor) => vendor.charges()))).flat()
  return {
    scenarios: listedTogether(vendors),
    log: async (options) => ({ purchases: await purchases(options?.ids ?? false), acts: actLog.acts() }),
    tally: async () => tallyOf(await purchases(true)),
    bill: async () => billOf(await charges()),
    billingExport: async () => billingExport(await charges()),
    setScenario(scenario) {
      const texts = (typeof scenario === 'string' ? [scenario] : scenario)
        .flatMap((text) => text.split('+'))
        .map((text) => text.trim())
        .filter((text) => text !== '' && text !== 'default')
      // A name may belong to several vendors; one that belongs to none is a mistake.
      const strange = texts.find((text) => !vendors.some((vendor) => ownText(vendor, text) !== undefined))
      if (strange !== undefined) throw new ScenarioUnknown(`There is no scenario ${JSON.stringify(strange)}.`)
      for (const vendor of vendors) {
        vendor.setScenarios(texts.map((text) => ownText(vendor, text)).filter((text) => text !== undefined))
      }
    },
    activeScenarios: () => [...new Set(vendors.flatMap((vendor) => vendor.activeScenarios()))],
  }
}

/** A scenario as its vendor knows it: `slow` is everyone's, `openai/slow` that of one. @returns undefined for a stranger's */
function ownText(vendor: Vendor, text: string): string | undefined {
  const own = text.startsWith(`${vendor.name}/`) ? text.slice(vendor.name.length + 1) : text
  return vendor.scenarios.some(({ name }) => name === own.split(':', 1)[0]) ? own : undefined
}

/** The routes below `/_emulator`. */
export function createControlRoutes(control: Control, clock: Clock): (exchange: Exchange) => Promise<void> {
  return async (exchange) => {
    const { method, path, query, response } = exchange
    const body =
      method === 'POST' ? parsedJson(await wholeBody(exchange.request, exchange.idleBodyTimeoutMs)) : undefined
    const route = `${method} ${path}`
    if (route === 'GET /log') return sendJson(response, 200, await control.log({ ids: query.get('ids') === '1' }))
    if (route === 'GET /tally') return sendJson(response, 200, await control.tally())
    if (route === 'GET /bill') return sendJson(response, 200, await control.bill())
    if (route === 'GET /billing-export.csv') return sendText(response, 200, 'text/csv', await control.billingExport())
    if (route === 'GET /clock') return sendJson(response, 200, clockView(clock))
    if (route === 'POST /clock') return setClock(exchange, clock, body)
    if (route === 'GET /scenario') return sendJson(response, 200, scenarioView(control))
    if (route === 'POST /scenario') return setScenario(exchange, control, body)
    sendJson(response, 404, {
      error: `There is no control ${route}.`,
      controls: ['log', 'tally', 'bill', 'billing-export.csv', 'clock', 'scenario'],
    })
  }
}

function clockView(clock: Clock): unknown {
  return { now: new Date(clock.now()).toISOString(), seconds: clock.now() / 1000, speed: clock.speed }
}

function setClock({ response }: Exchange, clock: Clock, body: unknown): void {
  const { advance, speed } = (body ?? {}) as { advance?: unknown; speed?: unknown }
  if (typeof advance !== 'number' && typeof speed !== 'number') {
    return sendJson(response, 400, { error: 'Give {"advance": seconds} or {"speed": factor}.' })
  }
  try {
    if (typeof advance === 'number') clock.advance(advance * 1000)
    if (typeof speed === 'number') clock.setSpeed(speed)
  } catch (error) {
    return sendJson(response, 400, { error: (error as Error).message })
  }
  sendJson(response, 200, clockView(clock))
}

function scenarioView(control: Control): unknown {
  return { active: control.activeScenarios(), scenarios: control.scenarios }
}

function setScenario({ response }: Exchange, control: Control, body: unknown): void {
  const wanted = (body as { scenario?: unknown } | undefined)?.scenario ?? body
  if (typeof wanted !== 'string' && !(Array.isArray(wanted) && wanted.every((each) => typeof each === 'string'))) {
    return sendJson(response, 400, {
      error: 'Give {"scenario": "name"} or {"scenario": ["name:parameter", ...]}; [] for none.',
    })
  }
  try {
    control.setScenario(wanted)
  } catch (error) {
    if (!(error instanceof ScenarioUnknown)) throw error
    return sendJson(response, 400, { error: error.message })
  }
  sendJson(response, 200, scenarioView(control))
}
