import { describe, expect, test } from 'vitest'
import { UsageError } from '../../domain/errors.ts'
import { accountFrom } from './account.ts'

const env = { GOOGLE_CLOUD_PROJECT: 'proj', REDEYE_VERTEX_BUCKET: 'night' }

describe('An account on Google Cloud', () => {
  test.each([
    [undefined, 'https://aiplatform.googleapis.com/v1/projects/proj/locations/global'],
    ['global', 'https://aiplatform.googleapis.com/v1/projects/proj/locations/global'],
    ['us', 'https://aiplatform.us.rep.googleapis.com/v1/projects/proj/locations/us'],
    ['eu', 'https://aiplatform.eu.rep.googleapis.com/v1/projects/proj/locations/eu'],
    ['europe-west4', 'https://europe-west4-aiplatform.googleapis.com/v1/projects/proj/locations/europe-west4'],
  ])('at %s is reached at its own host', (location, baseUrl) => {
    const account = accountFrom({ ...env, GOOGLE_CLOUD_LOCATION: location })
    expect(account).toMatchObject({ baseUrl, resident: location !== undefined && location !== 'global', missing: [] })
  })

  test('is at another door where one is named', () => {
    const doors = { GOOGLE_VERTEX_BASE_URL: 'http://127.0.0.1:1/vertex/', STORAGE_EMULATOR_HOST: '127.0.0.1:2/' }
    const { baseUrl, settings } = accountFrom({ ...env, ...doors })
    expect(baseUrl).toBe('http://127.0.0.1:1/vertex/v1/projects/proj/locations/global')
    expect(settings['storageUrl']).toBe('http://127.0.0.1:2')
  })

  test.each([
    ['night', 'night', 'redeye'],
    ['gs://night', 'night', 'redeye'],
    ['gs://night/', 'night', 'redeye'],
    ['gs://night/runs/of/ours/', 'night', 'runs/of/ours'],
  ])('keeps its files in %s', (REDEYE_VERTEX_BUCKET, bucket, folder) => {
    expect(accountFrom({ ...env, REDEYE_VERTEX_BUCKET }).settings).toMatchObject({ bucket, folder })
  })

  test('wants a project and a bucket', () => {
    expect(accountFrom({}).missing).toEqual(['GOOGLE_CLOUD_PROJECT', 'REDEYE_VERTEX_BUCKET'])
    expect(accountFrom({ GOOGLE_CLOUD_PROJECT: 'proj' }).missing).toEqual(['REDEYE_VERTEX_BUCKET'])
  })

  test.each([{ REDEYE_VERTEX_BUCKET: 's3://night' }, { GOOGLE_CLOUD_LOCATION: 'evil.example/x' }])(
    'is not guessed from %j',
    (wrong) => {
      expect(() => accountFrom({ ...env, ...wrong })).toThrow(UsageError)
    },
  )
})
