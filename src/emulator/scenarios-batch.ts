import type { Reader, Scenario } from './scenarios.ts'

/** What can befall a batch at every vendor. */
interface CommonFaults {
  readonly runSeconds?: number
  readonly cancelLagSeconds?: number
  readonly cancelRace?: boolean
  readonly hiddenFromGetSeconds?: number
  readonly hiddenFromListSeconds?: number
  readonly vanishAfterSeconds?: number
  readonly counts?: 'wrong'
  readonly shuffle?: boolean
}
type CommonScenario = Scenario<{ readonly batch: CommonFaults }>

const batch = (faults: (read: Reader) => CommonFaults) => (read: Reader) => ({ batch: faults(read) })

const common = {
  slow: {
    parameters: { hours: '12', times: '1' },
    summary: 'The batch takes hours.',
    faults: batch((read) => ({ runSeconds: read.number('hours') * 3600 })),
  },
  'cancel-lag': {
    parameters: { seconds: '600', times: 'always' },
    summary: 'A cancel takes 10 minutes to be done.',
    faults: batch((read) => ({ cancelLagSeconds: read.number('seconds') })),
  },
  'cancel-race': {
    parameters: { times: '1' },
    summary: 'The batch is cancelled, and ends with everything done all the same.',
    faults: batch(() => ({ cancelRace: true })),
  },
  'not-found-after-create': {
    parameters: { seconds: '60', times: '1' },
    summary: 'A batch just created is 404 for so many seconds; it is listed.',
    faults: batch((read) => ({ hiddenFromGetSeconds: read.number('seconds') })),
  },
  'listed-late': {
    parameters: { seconds: '120', times: '1' },
    summary: 'A batch just created is missing from the list for so many seconds.',
    faults: batch((read) => ({ hiddenFromListSeconds: read.number('seconds') })),
  },
  vanish: {
    parameters: { seconds: '60', times: '1' },
    summary: 'After so many seconds the batch is 404 and out of the list for ever; it is run and billed all the same.',
    faults: batch((read) => ({ vanishAfterSeconds: read.number('seconds') })),
  },
  'counts-wrong': {
    parameters: { times: '1' },
    summary: 'The counts of the finished batch disagree with its rows.',
    faults: batch(() => ({ counts: 'wrong' })),
  },
  'in-order': {
    parameters: { times: 'always' },
    summary: 'Result rows come in input order, which is not promised: to find clients that count on it.',
    faults: batch(() => ({ shuffle: false })),
  },
} satisfies Record<string, Omit<CommonScenario, 'name'>>

/** @param sources  where a vendor's own users or pages tell of it */
export const commonBatchScenarios = (sources: Partial<Record<keyof typeof common, string>> = {}): CommonScenario[] =>
  Object.entries<Omit<CommonScenario, 'name'>>(common).map(([name, scenario]) => {
    const source = sources[name as keyof typeof common]
    return { name, ...scenario, ...(source === undefined ? {} : { source }) }
  })
