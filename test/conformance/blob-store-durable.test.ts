import { expect, test } from 'vitest'
import { type SystemCall, traced, whyNoStrace } from './child-process.ts'
import { blobStores, named } from './implementations.ts'

/** For the folder alone: a bucket syncs out of our sight. */
const folder = named(blobStores, 'folder')
const skipped = whyNoStrace === undefined ? '' : ` (skipped: ${whyNoStrace})`

const isSync = ({ name }: SystemCall) => name === 'fsync' || name === 'fdatasync'

test.skipIf(skipped !== '')(`a blob is on the disk, name and all, before its commit resolves${skipped}`, async () => {
  const home = await folder.newHome()
  const calls = await traced('blob-store-child.ts', folder.name, home.at, 'commitAloud')
  const one = (what: string, found: (call: SystemCall) => boolean): SystemCall => {
    const call = calls.find(found)
    if (call === undefined) throw new Error(`there was no ${what}`)
    return call
  }
  const parent = `${home.at}/jobs/job_a`

  const begins = one('beginning', ({ text }) => text.includes('commit begins'))
  const bytes = one('fsync of the bytes', (call) => isSync(call) && call.text.includes(`${home.at}/.tmp/`))
  const rename = one('rename', ({ name, text }) => name.startsWith('rename') && text.includes(`${parent}/segment-0"`))
  const entry = one('fsync of the name', (call) => isSync(call) && call.text.includes(`<${parent}>`))
  const above = ['', '/jobs'].map((at) =>
    one(`fsync of the folder ${at}`, (call) => isSync(call) && call.text.includes(`<${home.at}${at}>`)),
  )
  const done = one('end', ({ text }) => text.includes('commit done'))

  expect(begins.ended).toBeLessThan(bytes.began)
  expect(bytes.ended).toBeLessThan(rename.began)
  expect(rename.ended).toBeLessThan(entry.began)
  for (const call of [entry, ...above]) expect(call.ended).toBeLessThan(done.began)
  await home.remove()
})
