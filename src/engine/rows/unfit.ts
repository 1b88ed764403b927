import { BadInput, type LineProblem } from '../../domain/errors.ts'
import { inputLine } from '../../intake/input-line.ts'
import type { IntakeOptions } from '../../intake/intake.ts'
import { fileAt, type Manifest } from '../../intake/manifest.ts'
import type { Ports } from '../ports.ts'

const PROBLEMS_SHOWN = 100

/** Requests that are right by themselves, and cannot be given to their vendor. */
export class Unfit {
  /** All of them, where they are set aside. */
  readonly ordinals = new Set<number>()
  readonly #ports: Ports
  readonly #manifest: Manifest
  readonly #options: IntakeOptions
  readonly #problems: LineProblem[] = []
  #total = 0

  constructor(ports: Ports, manifest: Manifest, options: IntakeOptions) {
    this.#ports = ports
    this.#manifest = manifest
    this.#options = options
  }

  /** Each is told once, for the first reason that is found. */
  async add(ordinal: number, line: number, message: string): Promise<void> {
    if (this.ordinals.has(ordinal)) return
    const problem = { file: fileAt(this.#manifest, ordinal), line, message }
    this.#total++
    if (this.#problems.length < PROBLEMS_SHOWN) this.#problems.push(problem)
    const { skipInvalid, reject } = this.#options
    if (skipInvalid !== true) return
    this.ordinals.add(ordinal)
    await reject?.(await inputLine(this.#ports.blobs, this.#manifest, ordinal), problem)
  }

  /** @throws BadInput where there are some that are not set aside, or where none would be left beside them */
  refuse(hint?: string): void {
    const flown = this.#manifest.requests - this.ordinals.size
    if (this.#total > this.ordinals.size || flown === 0) throw new BadInput(this.#problems, this.#total, hint)
  }
}
