import { describe, expect, test } from 'vitest'
import { exitOf, worstOf } from '../../src/cli/exit-codes.ts'
import { oldNode } from '../../src/cli/node-version.ts'
import { duration, money } from '../../src/cli/text/figures.ts'
import { sameHome } from '../../src/cli/text/same-home.ts'
import { scenarios } from '../../src/emulator/index.ts'
import { lastJson, Night } from './night.ts'

const night = new Night()

describe('the surface', () => {
  test('help names every command, and each command teaches by two examples', async () => {
    const { code, stdout } = await night.redeye(['--help'])
    expect(code).toBe(0)
    const commands = [...stdout.matchAll(/^ {2}([a-z]+) \[options\]/gm)].map(([, name]) => name as string)
    const all =
      'adopt advise audit quote try run submit list show why watch wait results cancel retry bill budget report worker emulate doctor prices'.split(
        ' ',
      )
    expect(commands.toSorted()).toEqual(all.toSorted())
    const helps = await Promise.all(commands.map((name) => night.redeye([name, '--help'])))
    for (const help of helps) {
      expect(help.code).toBe(0)
      expect(help.stdout.match(/^ {2}redeye /gm)?.length).toBeGreaterThanOrEqual(2)
      expect(help.stdout).toMatch(/--json .*\n.*--home/)
    }
  })

  test('a command that is not there is exit 2, in words and in JSON', async () => {
    const ended = await night.redeye(['frobnicate', '--json'])
    expect(ended.code).toBe(2)
    expect(ended.stderr).toBe("redeye: unknown command 'frobnicate'\nSee `redeye --help`.\n")
    expect(lastJson(ended)).toEqual({
      error: { code: 'usage', message: "unknown command 'frobnicate'", hint: 'See `redeye --help`.' },
    })
  })

  test('an old Node is told which version is needed and how to get it', () => {
    expect(oldNode('20.20.2')).toMatch(/this is Node 20\.20\.2; redeye needs Node 24 or newer\.\nInstall it from https/)
    expect(oldNode('24.0.0')).toBeUndefined()
    expect(oldNode('100.1.0')).toBeUndefined()
  })

  test('the emulator lists its scenarios, says what to export, and stops by Ctrl-C', async () => {
    const { stdout } = await night.redeye(['emulate', '--help'])
    for (const { name, summary } of scenarios) {
      expect(stdout).toContain(`  ${name}`)
      expect(stdout).toContain(summary)
    }
    const running = night.start([
      'emulate',
      '--port',
      '0',
      '--speed',
      '60',
      '--scenario',
      'storm-429',
      '--scenario',
      'slow',
    ])
    await running.said('Ctrl-C stops it')
    running.interrupt()
    const ended = await running.ended
    expect(ended.code).toBe(0)
    expect(ended.stdout).toMatch(/export OPENAI_BASE_URL=http:\/\/127\.0\.0\.1:\d+\/openai\/v1\n/)
    expect(ended.stdout).toContain('export OPENAI_API_KEY=')
    expect(ended.stdout).toContain('export REDEYE_SPEED=60')
    const unknown = await night.redeye(['emulate', '--port', '0', '--scenario', 'sunshine'])
    expect(unknown).toMatchObject({ code: 2, stderr: expect.stringContaining('There is no scenario "sunshine"') })
  })
})

describe('what is printed', () => {
  test('the exit code says how a job ended, and of several the worst', () => {
    const requests = {
      total: 2,
      succeeded: 2,
      failed: 0,
      expired: 0,
      cancelled: 0,
      missing: 0,
      invalid: 1,
      truncated: 0,
      discarded: 0,
    }
    expect(exitOf({ state: 'landed', requests })).toBe(0)
    expect(exitOf({ state: 'landed', requests: { ...requests, succeeded: 1, missing: 1 } })).toBe(1)
    expect(exitOf({ state: 'flying', requests })).toBe(75)
    expect(exitOf({ state: 'failed', requests })).toBe(4)
    expect(worstOf([0, 75, 1])).toBe(75)
    expect(worstOf([])).toBe(0)
  })

  test('durations and amounts are short', () => {
    expect([0, 45_000, 723_000, 3_840_000, 183_600_000, 3_600_000].map(duration)).toEqual([
      '0s',
      '45s',
      '12m 3s',
      '1h 4m',
      '2d 3h',
      '1h',
    ])
    expect(['0', '0.000012345', '0.5', '1234.567'].map(money)).toEqual(['0', '0.0000123', '0.5', '1,234.57'])
  })

  test('commands in hints name the home that was named', () => {
    expect(sameHome('Go on: redeye watch job_abc --budget USD', '/my home')).toBe(
      "Go on: redeye watch job_abc --home '/my home' --budget USD",
    )
    expect(sameHome('redeye watch job_abc', undefined)).toBe('redeye watch job_abc')
  })
})
