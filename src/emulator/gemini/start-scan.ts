import { truncate } from 'node:fs/promises'
import { createPromptCache } from '../prompt-cache.ts'
import { explicitCacheTokens } from './caches.ts'
import type { BatchRecord, Desk } from './desk.ts'
import { problem } from './errors.ts'
import { fileUriProblem } from './files.ts'
import { runRow } from './rows.ts'
import { runLines, type Scan } from './run-lines.ts'

/** Puts the reading of a batch's input in the queue. What is found decides the course of the batch. */
export function startScan(desk: Desk, batch: BatchRecord): Promise<Scan> {
  const judge = desk.switchboard.rows()
  const { input, faults } = batch
  // The input is read at once, but what it points to must be there when the lines run.
  const readAt = Math.min(batch.course.startsAt, batch.course.expiresAt)
  const scanning = desk.queue.then(async () => {
    const cache = createPromptCache()
    const scan = await runLines({
      name: `gemini-${batch.id}`,
      dir: desk.dir,
      seed: desk.seed,
      path: input.path,
      linesMax: Number.POSITIVE_INFINITY,
      // Inline requests may have no mark at all, and are told apart by their places.
      shuffle: input.kind === 'file' && (faults.shuffle ?? true),
      poison: faults.failure?.poison,
      asked: (record) => record['request'],
      run: (line) =>
        runRow(
          {
            method: batch.method,
            kind: input.kind,
            model: batch.model,
            seed: desk.seed,
            faults,
            cache,
            fault: ({ sha256, text }) => judge(sha256, text),
            fileProblem: (uri) => fileUriProblem(desk, batch.project, uri, readAt),
            explicitCache: (name) => explicitCacheTokens(desk, batch.project, name, batch.modelName, readAt),
          },
          line,
        ),
    })
    batch.scan = scan
    settleFate(batch, scan)
    // Nothing of a failed batch is ever served; a client that tries again and again must not fill the disk.
    if (batch.course.failure?.keepsLines === false) await truncate(scan.outputPath)
    return scan
  })
  // A failed reading is told to whoever waits for it; it must not stop the queue, nor end the process.
  desk.queue = scanning.catch(() => undefined)
  return scanning
}

function settleFate(batch: BatchRecord, scan: Scan): void {
  const { faults, input } = batch
  const planned = faults.failure && faults.failure.poison === undefined ? faults.failure : undefined
  batch.problem ??= scan.problem ?? planned?.problem ?? null
  if (input.path === null) batch.problem ??= problem('NOT_FOUND', `Input file files/${lostFile(batch)} was not found.`)
  if (batch.problem) batch.course.failure ??= { keepsLines: planned?.keepsOutput ?? false }
  if (faults.stuckOnCustomIds && scan.carriesCustomIds) {
    // Accepted, and never run.
    Object.assign(batch.course, { startsAt: Number.POSITIVE_INFINITY, endsAt: Number.POSITIVE_INFINITY })
  }
}

function lostFile({ input }: BatchRecord): string {
  return input.kind === 'file' ? input.fileId : ''
}
