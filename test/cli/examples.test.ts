import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { Night } from './night.ts'

const night = new Night()
const folder = join(import.meta.dirname, '../../examples')
const source = join(import.meta.dirname, '../../src/index.ts')

/** Runs an example as it stands, but for the package, which is the source here. */
async function run(name: string): Promise<{ code: number | null; stdout: string; stderr: string }> {
  const text = readFileSync(join(folder, name), 'utf8').replace("from 'redeye'", `from ${JSON.stringify(source)}`)
  const file = night.write(name, text)
  const env = {
    ...process.env,
    OPENAI_BASE_URL: night.emulator.baseUrls.openai,
    OPENAI_API_KEY: 'sk-emulated-key',
    REDEYE_SPEED: '3600',
    REDEYE_HOME: night.home,
  }
  const child = spawn(process.execPath, [file], { env, stdio: 'pipe' })
  let [stdout, stderr] = ['', '']
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text))
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text))
  const [code] = (await once(child, 'close')) as [number | null]
  return { code, stdout, stderr }
}

test('basic.ts prints an answer for each question and what it cost', async () => {
  const { code, stdout, stderr } = await run('basic.ts')
  expect(stderr).toBe('')
  expect(code).toBe(0)
  expect(stdout).toMatch(
    /^Where is my card\? → (card|account)\nHow do I close my account\? → (card|account)\nCharged 0\.\d+ USD\.\n$/,
  )
  expect(existsSync(night.home)).toBe(true)
})

test('every example is run here', () => {
  expect(readdirSync(folder)).toEqual(['basic.ts'])
})
