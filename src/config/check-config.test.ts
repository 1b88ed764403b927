import { describe, expect, test } from 'vitest'
import { UsageError } from '../domain/errors.ts'
import { checkConfig } from './check-config.ts'

const vendors = {
  openai: { regions: ['us', 'eu'], accountSettings: ['completionWindowField'] },
  anthropic: { regions: ['us'], accountSettings: [] },
  own: { regions: [], accountSettings: [] },
}
const check = (value: unknown) => checkConfig(value, 'redeye.config.json', vendors)
const engine = { name: 'gpu', provider: 'own', baseUrl: 'http://gpu:8000/v1' }
const team = { name: 'team', provider: 'openai', apiKeyEnv: 'TEAM_KEY' }

describe('A config', () => {
  test('holds accounts of vendors and engines, or nothing', () => {
    const accounts = [
      { ...team, region: 'eu', exclusive: true, environment: { OPENAI_PROJECT_ID: 'proj_2' } },
      {
        ...engine,
        models: ['qwen'],
        window: '22:00-06:00',
        tz: 'Europe/Berlin',
        yieldWhen: { waiting: 1 },
        usdPerHour: 2.5,
        placesMax: 64,
      },
    ]
    expect(check({ accounts })).toEqual({ accounts })
    expect(check({})).toEqual({ accounts: [] })
  })

  test.each([
    ['the whole', [1], 'the whole expected object, received array'],
    ['a member that nobody knows', { acounts: [] }, 'acounts is no member here'],
    ['a missing name', { accounts: [{ provider: 'openai' }] }, 'accounts[0].name expected string, received undefined'],
    ['a name with a slash', { accounts: [{ ...team, name: 'a/b' }] }, 'accounts[0].name should be letters'],
    ['the name of a vendor', { accounts: [{ ...team, name: 'openai' }] }, 'accounts[0].name is the name of a vendor'],
    ['a name twice', { accounts: [team, engine, team] }, 'accounts[2].name is also the name of accounts[0]'],
    ['a vendor that is not there', { accounts: [{ ...team, provider: 'acme' }] }, 'accounts[0].provider is no vendor'],
    ['a key in the file', { accounts: [{ ...team, apiKey: 'sk-1' }] }, 'accounts[0].apiKey is a key'],
    [
      'a key as a variable',
      { accounts: [{ ...team, apiKeyEnv: 'sk-proj-1' }] },
      'accounts[0].apiKeyEnv should be the name',
    ],
    [
      'a key among variables',
      { accounts: [{ ...team, environment: { OPENAI_API_KEY: 'sk-1' } }] },
      'accounts[0].environment.OPENAI_API_KEY is a key',
    ],
    [
      'a password in an address',
      { accounts: [{ ...team, baseUrl: 'https://me:pw@x/v1' }] },
      'accounts[0].baseUrl holds a password',
    ],
    [
      'a region of others',
      { accounts: [{ ...team, region: 'mars' }] },
      'accounts[0].region is none of openai; it has us, eu',
    ],
    [
      'an engine without an address',
      { accounts: [{ name: 'gpu', provider: 'own' }] },
      'accounts[0].baseUrl should be an address',
    ],
    [
      'no hours',
      { accounts: [{ ...engine, window: 'at night' }] },
      'accounts[0].window should be hours, as 22:00-06:00',
    ],
    ['hours that are none', { accounts: [{ ...engine, window: '22:00-26:00' }] }, 'accounts[0].window should be hours'],
    ['no time zone', { accounts: [{ ...engine, tz: 'Mars/Base' }] }, 'accounts[0].tz should be a time zone'],
    [
      'nobody waiting',
      { accounts: [{ ...engine, yieldWhen: { waiting: 0 } }] },
      'accounts[0].yieldWhen.waiting Too small',
    ],
    [
      'half a price',
      { accounts: [{ ...engine, usdPerMillionTokens: { input: 1 } }] },
      'accounts[0].usdPerMillionTokens.output expected number',
    ],
    ['a price below nothing', { accounts: [{ ...engine, usdPerHour: -1 }] }, 'accounts[0].usdPerHour Too small'],
    [
      'two prices',
      { accounts: [{ ...engine, usdPerHour: 1, usdPerMillionTokens: { input: 1, output: 1 } }] },
      'accounts[0].usdPerHour says what',
    ],
    [
      'what only engines have',
      { accounts: [{ ...team, window: '22:00-06:00' }] },
      'accounts[0].window is no member here',
    ],
    [
      'what only another vendor has',
      { accounts: [{ ...team, provider: 'anthropic', completionWindowField: 'window' }] },
      'accounts[0].completionWindowField is nothing that anthropic has',
    ],
  ])('with %s is refused by its path', (_, value, message) => {
    expect(() => check(value)).toThrow(UsageError)
    expect(() => check(value)).toThrow(`redeye.config.json: ${message}`)
  })

  test('is refused with all that is wrong at once', () => {
    const wrong = {
      accounts: [
        { ...engine, window: 'x', placesMax: 0 },
        { name: 'b', provider: 'acme' },
      ],
    }
    expect(() => check(wrong)).toThrow(
      /accounts\[0\]\.window .*\n.*accounts\[0\]\.placesMax .*\n.*accounts\[1\]\.provider/,
    )
  })
})
