#!/usr/bin/env node
// Nothing is imported here but the check: what the program needs would fail on an old Node with a riddle.
import { oldNode } from './node-version.ts'

const complaint = oldNode(process.versions.node)
if (complaint === undefined) {
  ;(await import('../kit/young-space.ts')).boundYoungSpace(16)
  const { main } = await import('./program.ts')
  process.exitCode = await main(process.argv.slice(2))
} else {
  console.error(complaint)
  process.exitCode = 2
}
