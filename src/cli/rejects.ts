import { closeSync, openSync, writeSync } from 'node:fs'
import type { LineProblem } from '../domain/errors.ts'
import { say } from './terminal.ts'
import { some } from './text/figures.ts'

const SHOWN_MAX = 100

/** Bad lines that were set aside: all in a file, the first of them on stderr. The file is made by the first. */
export class Rejects {
  readonly #path: string
  #file: number | undefined
  #count = 0

  constructor(path: string) {
    this.#path = path
  }

  add = async (line: Uint8Array, { file, line: number, message }: LineProblem): Promise<void> => {
    if (++this.#count <= SHOWN_MAX) say(`${file}:${number}: ${message}`)
    this.#file ??= openSync(this.#path, 'w')
    writeSync(this.#file, `${JSON.stringify({ file, line: number, message, text: Buffer.from(line).toString() })}\n`)
  }

  /** Says how many there were. */
  close(): void {
    if (this.#file === undefined) return
    closeSync(this.#file)
    this.#file = undefined
    const more = this.#count > SHOWN_MAX ? `… and ${some(this.#count - SHOWN_MAX, 'more bad line')}. ` : ''
    say(`${more}${some(this.#count, 'bad line')} set aside in ${this.#path}; the rest goes on.`)
  }
}
