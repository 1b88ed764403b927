import { closeSync, constants, fsyncSync, openSync, readFileSync, writeSync } from 'node:fs'
import { fileTrouble } from '../file-trouble.ts'
import type { Sighting, Witness } from './dialect.ts'

/** Written in place and always of one length, so that nobody reads half of it. */
const LENGTH = 64

/** The witness as a small JSON file: `{"events":12,"aliveAt":1764000000000}`. */
export function openWitnessFile(path: string): Witness {
  const descriptor = openSync(path, constants.O_RDWR | constants.O_CREAT)
  return {
    read: () => parse(readFileSync(path, 'utf8')),
    write({ events, aliveAt }, durable) {
      try {
        writeSync(descriptor, `${JSON.stringify({ events, aliveAt }).padEnd(LENGTH - 1)}\n`, 0)
        if (durable) fsyncSync(descriptor)
      } catch (error) {
        throw fileTrouble(error, path)
      }
    },
    close: () => closeSync(descriptor),
  }
}

function parse(text: string): Sighting | undefined {
  try {
    const { events, aliveAt } = JSON.parse(text) as Partial<Sighting>
    return typeof events === 'number' && typeof aliveAt === 'number' ? { events, aliveAt } : undefined
  } catch {
    return undefined
  }
}
