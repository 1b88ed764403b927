import { DAY, HOUR } from '../kit/clock.ts'
import { type Group, isNight, parted, type Tally } from './tally.ts'

/** Whether somebody waits for the answers, as far as the log shows it. */
export interface Rhythm {
  /** `people`: they seem to wait. */
  readonly confidence: 'high' | 'medium' | 'low' | 'people'
  /** What speaks for it and against, in sentences. */
  readonly evidence: readonly string[]
  /** What only the owner of the calls knows. */
  readonly question: string
}

interface Sign {
  readonly points: number
  readonly sentence: string
  readonly about?: keyof typeof questions
}

/** Fewer calls than this show no rhythm. */
const callsMin = 10
const office = { from: 8, until: 20 }

const questions = {
  night: (what: string) => `Does anybody read the answers of ${what} before the morning?`,
  hours: (what: string) => `What starts ${what} at that hour, and by when must it be done?`,
  round: (what: string) => `Does a person wait for ${what} at 03:00 on a Sunday, or does a loop call it?`,
  run: (what: string) => `Is ${what} a job over a table or a queue, that could hand in all its requests at once?`,
  people: (what: string) => `Which part of ${what} is not answered to a person who waits?`,
  unknown: (what: string) => `Who asks ${what}, and how long may the answer take?`,
}

/** Weighs the signs of a machine against those of people. Every sign is one that the reader can check in the log. */
export function rhythmOf(group: Group, tally: Pick<Tally, 'namesUsers' | 'namesSessions'>): Rhythm {
  const what = group.template || group.key || group.model
  if (group.requests !== null && group.requests < callsMin)
    return {
      confidence: 'people',
      evidence: [`It has only ${group.requests} ${group.requests === 1 ? 'call' : 'calls'}.`],
      question: questions.unknown(what),
    }
  const signs = [...hourSigns(group), ...runSigns(group), ...peopleSigns(group, tally)]
  const points = signs.reduce((sum, sign) => sum + sign.points, 0)
  const about =
    points <= 0 ? 'people' : (signs.find((sign) => sign.points > 0 && sign.about !== undefined)?.about ?? 'unknown')
  return {
    confidence: points >= 3 ? 'high' : points === 2 ? 'medium' : points === 1 ? 'low' : 'people',
    evidence: signs.length === 0 ? ['Nothing in the log tells who waits.'] : signs.map(({ sentence }) => sentence),
    question: questions[about](what),
  }
}

/**
 * The groups to judge: one, or two where the night of it is a job's and the day is not. It is a job's where the same few
 * hours of the night are used on nearly all days, weekends too, and more than an hour of the day is.
 */
export function judgedGroups(group: Group, tally: Pick<Tally, 'namesUsers' | 'namesSessions'>): Group[] {
  const { confidence } = rhythmOf(group, tally)
  if (group.widthMs > HOUR || confidence === 'high' || confidence === 'medium') return [group]
  const { night, day } = parted(group)
  if (night.hoursOf.size === 0 || day.hoursOf.size === 0) return [group]
  const busiest = busiestHours(byHour(night))
  if (busiest === undefined) return [group]
  const recurs = spanOf(group) >= 5 && daysActiveIn(night, busiest) >= 0.8 * spanOf(group)
  const anHour = (sum(night.week) * busiest.share) / busiest.long
  return recurs && anHour > sum(day.week) / 16 ? [day, night] : [group]
}

const byHour = ({ week }: Group): number[] =>
  Array.from({ length: 24 }, (_, hour) => sum(week.filter((_, slot) => slot % 24 === hour)))

function hourSigns(group: Group): Sign[] {
  // A line for a whole day says nothing about its hours.
  if (group.widthMs > 6 * HOUR) return weekendSigns(group)
  const total = sum(group.week)
  const hours = byHour(group)
  const share = (of: (hour: number) => boolean): number => sum(hours.filter((_, hour) => of(hour))) / total
  const atNight = share(isNight)
  const days = group.hoursOf.size
  if (days >= 5 && isRound(group, atNight))
    return [{ points: 2, sentence: 'It runs round the clock, weekends like other days.', about: 'round' }]
  const signs: Sign[] = []
  if (atNight >= 0.6)
    signs.push({
      points: 1,
      sentence: `${percent(atNight)} of it runs between 22:00 and 06:00.`,
      about: 'night',
    })
  const busiest = busiestHours(hours)
  if (busiest !== undefined) {
    const { from, long } = busiest
    const when = `${['one hour', 'two hours', 'three hours'][long - 1]} of the day, ${clock(from)} to ${clock(from + long)}`
    signs.push({ points: 1, sentence: `${percent(busiest.share)} of it falls into ${when}.`, about: 'hours' })
    const back = daysActiveIn(group, busiest)
    const over = spanOf(group)
    if (over >= 5 && back >= 0.8 * over)
      signs.push({ points: 1, sentence: `It came back at that time on ${back} of ${over} days.`, about: 'hours' })
  } else if (isOffice(group)) {
    signs.push({ points: -1, sentence: 'It follows working hours.' })
  }
  return signs
}

function weekendSigns(group: Group): Sign[] {
  const weekend = weekendShare(group)
  if (spanOf(group) < 14) return []
  if (weekend < 0.08) return [{ points: -1, sentence: `Only ${percent(weekend)} of it falls on weekends.` }]
  return weekend > 0.23 && weekend < 0.34
    ? [{ points: 1, sentence: 'Weekends are as busy as other days.', about: 'round' }]
    : []
}

function runSigns(group: Group): Sign[] {
  const { runs, requests, prompts, template } = group
  if (requests === null || runs.inLong < 0.5 * requests) return []
  // Where calls come all day long they follow each other whoever asks.
  if (activeHours(group) > 8) return []
  const mean = prompts.sum / prompts.calls
  const spread = Math.sqrt(Math.max(0, prompts.squares / prompts.calls - mean * mean)) / mean
  const alike = template !== '' ? `of "${template}"` : spread < 0.3 ? 'of prompts of nearly one length' : ''
  const sentence = `${percent(runs.inLong / requests)} of the calls ${alike === '' ? '' : `${alike} `}come in long runs without a pause of a minute, the longest of ${runs.longest.toLocaleString('en-US')}.`
  return [{ points: alike === '' ? 1 : 2, sentence, about: 'run' }]
}

function peopleSigns(group: Group, { namesUsers, namesSessions }: Pick<Tally, 'namesUsers' | 'namesSessions'>): Sign[] {
  const signs: Sign[] = []
  const calls = group.requests ?? 0
  if (namesUsers && group.widthMs === 0) {
    if (group.users.count >= 20)
      signs.push({
        points: -2,
        sentence: `It is asked for ${group.users.full ? 'over ' : ''}${group.users.count} users.`,
      })
    else if (group.users.count <= 1)
      signs.push({
        points: 1,
        sentence: group.users.count === 0 ? 'No user is named with it.' : 'All of it is asked for one user.',
      })
  }
  if (namesSessions) {
    if (group.continued >= 0.3 * calls)
      signs.push({ points: -2, sentence: `${percent(group.continued / calls)} of the calls go on with a session.` })
    else if (group.continued < 0.02 * calls)
      signs.push({ points: 1, sentence: 'Its calls belong to no session that goes on.' })
  }
  return signs
}

function isRound(group: Group, atNight: number): boolean {
  const weekend = weekendShare(group)
  return activeHours(group) >= 20 && atNight > 0.25 && atNight < 0.45 && weekend > 0.2 && weekend < 0.38
}

/** Hours of a day in which something is asked, on days on which anything is. */
const activeHours = ({ hoursOf }: Group): number =>
  [...hoursOf.values()].reduce((all, mask) => all + bits(mask), 0) / Math.max(1, hoursOf.size)

function isOffice(group: Group): boolean {
  const inOffice = group.week.filter((_, slot) => slot < 5 * 24 && slot % 24 >= office.from && slot % 24 < office.until)
  return sum(inOffice) >= 0.85 * sum(group.week)
}

interface Hours {
  readonly from: number
  readonly long: number
}

/** The fewest hours on end, three at most, over midnight or not, that hold four fifths of it. */
function busiestHours(hours: readonly number[]): (Hours & { readonly share: number }) | undefined {
  const total = sum(hours)
  for (const long of [1, 2, 3]) {
    const held = hours.map((_, from) => sum(hoursOf({ from, long }).map((hour) => hours[hour] ?? 0)) / total)
    const share = Math.max(...held)
    if (share >= 0.8) return { from: held.indexOf(share), long, share }
  }
  return undefined
}

const hoursOf = ({ from, long }: Hours): number[] => Array.from({ length: long }, (_, more) => (from + more) % 24)

const daysActiveIn = (group: Group, hours: Hours): number => {
  const mask = hoursOf(hours).reduce((all, hour) => all | (1 << hour), 0)
  return [...group.hoursOf.values()].filter((active) => (active & mask) !== 0).length
}

/** Days from the first to the last on which something was asked. */
const spanOf = ({ hoursOf }: Group): number => {
  const days = [...hoursOf.keys()]
  return days.reduce((a, b) => Math.max(a, b), 0) - days.reduce((a, b) => Math.min(a, b), days[0] ?? 0) + 1
}

const weekendShare = ({ week }: Group): number => sum(week.subarray(5 * 24)) / sum(week)

const sum = (values: Iterable<number>): number => {
  let all = 0
  for (const value of values) all += value
  return all
}

const bits = (mask: number): number => mask.toString(2).replaceAll('0', '').length
const percent = (share: number): string => `${Math.round(share * 100)} %`
const clock = (hour: number): string => `${String(hour % 24).padStart(2, '0')}:00`

/** Days that a stretch of time lasts, for what a month of it comes to. */
export const daysOf = (from: number, until: number): number => Math.max(1, (until - from) / DAY)
