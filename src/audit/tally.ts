import { tokenKinds, type Usage } from '../domain/usage.ts'
import { DAY, HOUR, MINUTE } from '../kit/clock.ts'
import type { LoggedCall } from './call.ts'
import { Distinct } from './distinct.ts'
import { SharedPrefix } from './shared-prefix.ts'

/** Calls of one day at one price: what is added up while the log is read, and priced when it has been. */
export interface Part {
  /** 00:00 UTC of the day: prices go by the day of a request. */
  readonly day: number
  /** As the vendor names it; empty when it did not say. */
  readonly tier: string
  readonly long: boolean
  readonly resident: boolean
  /** Asked between 22:00 and 06:00, local time. */
  readonly atNight: boolean
  requests: number
  readonly usage: Usage & Record<string, number>
}

/** Calls of one model, by one key, of one template. */
export interface Group {
  readonly vendor: string
  readonly model: string
  readonly key: string
  readonly template: string
  /** null: the log does not count them. */
  requests: number | null
  readonly parts: Map<string, Part>
  /** How much there was in each hour of the week, Monday 00:00 first, local time: calls, or tokens where none are counted. */
  readonly week: Float64Array
  /** By day, local: a bit for each hour in which something was asked. */
  readonly hoursOf: Map<number, number>
  /** The widest span of time that one line tells of, ms. */
  widthMs: number
  readonly users: Distinct
  readonly sessions: Distinct
  /** Calls that went on with a session seen before. */
  continued: number
  /** Calls without a pause of a minute: the run under way, the longest, and all calls in long ones. */
  readonly runs: { current: number; longest: number; inLong: number; lastAt: number }
  /** Input tokens of a call. */
  readonly prompts: { calls: number; sum: number; squares: number; smallest: number }
  readonly shared: SharedPrefix
}

/** Where a prompt becomes long, by the model's price list. Asked once for each call. */
export type IsLong = (vendor: string, model: string, promptTokens: number) => boolean

export interface TallyOptions {
  /** Whole minutes that local time is ahead of UTC then. */
  readonly offsetMinutes: (at: number) => number
  readonly isLong: IsLong
}

/** A log may hold more templates than anybody reads about: those beyond these are told together, by model and key. */
const groupsMax = 2000
/** Calls follow each other without a pause when less than this lies between them. */
const pause = MINUTE
/** A run this long is no person. */
const longRun = 100

/** Adds calls up into groups: as much memory as there are groups and days, whatever the log's size. */
export class Tally {
  readonly groups = new Map<string, Group>()
  from = Number.POSITIVE_INFINITY
  until = Number.NEGATIVE_INFINITY
  lines = 0
  /** Whether the log names users or sessions anywhere: only then does a call without one mean something. */
  namesUsers = false
  namesSessions = false
  /** Lines that were no billed call, by why. */
  readonly passedOver = new Map<string, number>()
  readonly #options: TallyOptions

  constructor(options: TallyOptions) {
    this.#options = options
  }

  passOver(why: string): void {
    this.lines++
    this.passedOver.set(why, (this.passedOver.get(why) ?? 0) + 1)
  }

  add(logged: LoggedCall): void {
    const call = { ...logged, template: steady(logged.template) }
    this.lines++
    this.from = Math.min(this.from, call.at)
    this.until = Math.max(this.until, call.at + call.widthMs)
    this.namesUsers ||= call.user !== ''
    this.namesSessions ||= call.session !== ''
    const group = this.#groupOf(call)
    this.#addUse(group, call)
    this.#addTime(group, call)
    this.#addPeople(group, call)
    this.#addPrompt(group, call)
  }

  #groupOf({ vendor, model, key, template }: Pick<Group, 'vendor' | 'model' | 'key' | 'template'>): Group {
    const name = [vendor, model, key, template].join('\n')
    const known = this.groups.get(name)
    if (known !== undefined) return known
    const others = this.groups.size >= groupsMax && template !== othersTemplate
    if (others) return this.#groupOf({ vendor, model, key: othersTemplate, template: othersTemplate })
    const group = emptyGroup(vendor, model, key, template)
    this.groups.set(name, group)
    return group
  }

  #addUse(group: Group, { at, requests, vendor, model, tier, long, resident = false, usage }: LoggedCall): void {
    const day = Math.floor(at / DAY) * DAY
    const isLong = long ?? (requests === 1 && this.#options.isLong(vendor, model, inputOf(usage)))
    const atNight = isNight(this.#localHour(at))
    const name = `${day} ${tier} ${isLong} ${resident} ${atNight}`
    let part = group.parts.get(name)
    if (part === undefined)
      group.parts.set(name, (part = { day, tier, long: isLong, resident, atNight, requests: 0, usage: {} }))
    part.requests += requests ?? 0
    for (const kind of [...tokenKinds, 'webSearch'] as const) {
      const count = usage[kind] ?? 0
      if (count > 0) part.usage[kind] = (part.usage[kind] ?? 0) + count
    }
    group.requests = requests === null ? null : (group.requests ?? 0) + requests
  }

  #addTime(group: Group, { at, widthMs, requests, usage }: LoggedCall): void {
    const local = at + this.#options.offsetMinutes(at) * MINUTE
    const day = Math.floor(local / DAY)
    const hour = this.#localHour(at)
    const weekday = (((day + 3) % 7) + 7) % 7 // 1970-01-01 was a Thursday
    const slot = weekday * 24 + hour
    group.week[slot] = (group.week[slot] ?? 0) + (requests ?? inputOf(usage) + (usage.output ?? 0))
    group.hoursOf.set(day, (group.hoursOf.get(day) ?? 0) | (1 << hour))
    group.widthMs = Math.max(group.widthMs, widthMs)
    if (widthMs > 0) return
    // Logs are written newest first as often as oldest first.
    const { runs } = group
    runs.current = Math.abs(at - runs.lastAt) < pause ? runs.current + 1 : 1
    if (runs.current === longRun) runs.inLong += longRun
    else if (runs.current > longRun) runs.inLong++
    runs.longest = Math.max(runs.longest, runs.current)
    runs.lastAt = at
  }

  #localHour(at: number): number {
    const local = at + this.#options.offsetMinutes(at) * MINUTE
    return Math.floor((local - Math.floor(local / DAY) * DAY) / HOUR)
  }

  #addPeople(group: Group, { user, session }: LoggedCall): void {
    group.users.add(user)
    if (!group.sessions.add(session) && session !== '') group.continued++
  }

  #addPrompt({ prompts, shared }: Group, { widthMs, usage, prompt }: LoggedCall): void {
    if (widthMs > 0) return
    const size = inputOf(usage)
    prompts.calls++
    prompts.sum += size
    prompts.squares += size * size
    prompts.smallest = Math.min(prompts.smallest, size)
    if (prompt !== undefined) shared.add(prompt)
  }
}

/** Names without what differs from call to call: ids, days, and what gateways add of the client's program. */
const steady = (template: string): string =>
  template === '' || template === othersTemplate
    ? template
    : template
        .split(', ')
        .filter((part) => !/^user-agent:/i.test(part))
        .join(', ')
        .replace(/\d{4}-\d{2}-\d{2}|\b(?=\w*\d)\w{8,}\b|\d{5,}/g, '#')

/** Between 22:00 and 06:00. */
export const isNight = (hour: number): boolean => hour >= 22 || hour < 6

/**
 * What a group asked at night, as a group of its own; the rest stays in `day`. A key that people use by day may be a
 * job's by night.
 */
export function parted(group: Group): { readonly night: Group; readonly day: Group } {
  const only = (atNight: boolean, template: string): Group => {
    const parts = new Map([...group.parts].filter(([, part]) => part.atNight === atNight))
    const hours = [...group.hoursOf].map(([day, mask]) => [day, mask & (atNight ? nightMask : ~nightMask)] as const)
    return {
      ...group,
      template,
      parts,
      requests: group.requests === null ? null : [...parts.values()].reduce((sum, { requests }) => sum + requests, 0),
      week: group.week.map((value, slot) => (isNight(slot % 24) === atNight ? value : 0)),
      hoursOf: new Map(hours.filter(([, mask]) => mask !== 0)),
      runs: noRuns(), // nobody noted when they were
    }
  }
  return { night: only(true, `${group.template} at night`.trim()), day: only(false, group.template) }
}

const nightMask = Array.from({ length: 24 }, (_, hour) => hour).reduce(
  (mask, hour) => (isNight(hour) ? mask | (1 << hour) : mask),
  0,
)

const othersTemplate = '(others)'

const noRuns = (): Group['runs'] => ({ current: 0, longest: 0, inLong: 0, lastAt: Number.NEGATIVE_INFINITY })

const emptyGroup = (vendor: string, model: string, key: string, template: string): Group => ({
  vendor,
  model,
  key,
  template,
  requests: 0,
  parts: new Map(),
  week: new Float64Array(7 * 24),
  hoursOf: new Map(),
  widthMs: 0,
  users: new Distinct(100),
  sessions: new Distinct(300),
  continued: 0,
  runs: noRuns(),
  prompts: { calls: 0, sum: 0, squares: 0, smallest: Number.POSITIVE_INFINITY },
  shared: new SharedPrefix(),
})

/** The whole prompt, what came from a cache included. */
export const inputOf = (usage: Usage): number =>
  tokenKinds.reduce((sum, kind) => (kind === 'output' ? sum : sum + (usage[kind] ?? 0)), 0)
