import { truncate } from 'node:fs/promises'
import { invalidArgument, problem } from '../gemini/errors.ts'
import { runLines, type Scan } from '../gemini/run-lines.ts'
import { isJson } from '../json.ts'
import { createPromptCache } from '../prompt-cache.ts'
import { type Desk, type JobRecord, objectProblem } from './desk.ts'
import { limits } from './limits.ts'
import { runRow } from './rows.ts'

/** Puts the reading of a job's input in the queue. What is found decides the course of the job. */
export function startScan(desk: Desk, job: JobRecord): Promise<Scan> {
  const judge = desk.switchboard.rows()
  const { input, faults, course } = job
  const isTooLarge = input !== null && input.size > limits.inputBytesMax
  const scanning = desk.queue.then(async () => {
    const cache = createPromptCache()
    const scan = await runLines({
      name: `vertex-${job.id}`,
      dir: desk.dir,
      seed: desk.seed,
      path: isTooLarge ? null : (input?.path ?? null),
      linesMax: limits.requestsMax,
      shuffle: faults.shuffle ?? true,
      poison: faults.failure?.poison,
      asked: ({ request }) => (isJson(request) ? { ...request, labels: undefined } : request),
      run: (line) =>
        runRow(
          {
            model: job.model,
            seed: desk.seed,
            faults,
            cache,
            fileProblem: (uri) => objectProblem(desk, uri),
            fault: ({ sha256, text }) => judge(sha256, text),
            processedAt: ({ sha256 }) => {
              const start = Number.isFinite(course.startsAt) ? course.startsAt : course.createdAt
              return Math.floor(start + (Number.parseInt(sha256.slice(0, 6), 16) / 0x100_0000) * course.runMs)
            },
          },
          line,
        ),
    })
    job.scan = scan
    if (isTooLarge) job.problem ??= invalidArgument(`The input file is larger than ${limits.inputBytesMax} bytes.`)
    settleFate(job, scan)
    // Nothing of a failed job is ever served; a client that tries again and again must not fill the disk.
    if (job.course.failure?.keepsLines === false) await truncate(scan.outputPath)
    return scan
  })
  // A failed reading is told to whoever waits for it; it must not stop the queue, nor end the process.
  desk.queue = scanning.catch(() => undefined)
  return scanning
}

function settleFate(job: JobRecord, scan: Scan): void {
  const { failure } = job.faults
  const planned = failure && failure.poison === undefined ? failure : undefined
  if (job.input === null) job.problem ??= inputLost(job)
  job.problem ??= scan.problem ?? planned?.problem ?? null
  if (job.problem) job.course.failure ??= { keepsLines: planned?.keepsOutput ?? false }
}

export function inputLost({ inputUri }: JobRecord) {
  return problem('NOT_FOUND', `The specified input ${inputUri} could not be found.`)
}
