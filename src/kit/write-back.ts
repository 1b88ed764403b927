import type { FileHandle } from 'node:fs/promises'

const EVERY_BYTES = 32 * 1024 * 1024

/**
 * Has the disk write while there is still more to come, so that the fsync at the end of a large file finds little left.
 * An error of the disk is reported once by the system, so it is kept for `settle`, which the end must await.
 */
export function writeBack(file: FileHandle) {
  let waiting = 0
  let running: Promise<void> | undefined
  let failure: { error: unknown } | undefined
  return {
    wrote(bytes: number): void {
      waiting += bytes
      if (waiting < EVERY_BYTES || running !== undefined) return
      waiting = 0
      running = file
        .datasync()
        .catch((error: unknown) => {
          failure = { error }
        })
        .finally(() => {
          running = undefined
        })
    },
    async settle(): Promise<void> {
      await running
      if (failure !== undefined) throw failure.error
    },
  }
}
