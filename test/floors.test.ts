import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import { expect, test } from 'vitest'

/**
 * Who may import whom, as data: a room, and the rooms its files may import from besides Node's modules and packages.
 * Types count. A file is in the first room whose path it starts with.
 */
const rooms: readonly { room: string; may: readonly string[] }[] = [
  { room: 'kit', may: [] },
  { room: 'domain', may: ['kit'] },
  ...['pricing', 'ledger', 'policy', 'splitter', 'dialects', 'tables', 'audit'].map((room) => ({
    room,
    may: ['domain', 'kit'],
  })),
  ...['stores', 'dispatch'].map((room) => ({ room, may: ['domain', 'kit'] })),
  // A vendor's folder knows the contract above it and dialects, never a sibling.
  ...['openai', 'anthropic', 'gemini', 'vertex', 'mistral', 'together', 'xai'].map((vendor) => ({
    room: `providers/${vendor}`,
    may: ['providers/contract.ts', 'providers/first-id.ts', 'providers/keys.ts', 'providers/report-pages.ts'].concat([
      'providers/reworded.ts',
      'providers/file-lane',
      'dialects',
      'domain',
      'kit',
    ]),
  })),
  // What vendors share that take their rows as an uploaded file.
  {
    room: 'providers/file-lane',
    may: ['providers/contract.ts', 'providers/first-id.ts', 'providers/keys.ts', 'providers/reworded.ts'].concat([
      'domain',
      'kit',
    ]),
  },
  { room: 'providers/contract.ts', may: ['providers/call.ts', 'providers/sync-lane.ts', 'domain', 'kit'] },
  { room: 'providers/sync-lane.ts', may: ['providers/call.ts', 'domain', 'kit'] },
  { room: 'providers/call.ts', may: ['kit'] },
  { room: 'providers/keys.ts', may: ['kit'] },
  { room: 'providers/reworded.ts', may: ['dialects', 'kit'] },
  { room: 'providers/first-id.ts', may: ['providers/contract.ts', 'domain'] },
  { room: 'providers/report-pages.ts', may: ['providers/contract.ts', 'domain', 'kit'] },
  { room: 'providers/registry.ts', may: ['providers'] },
  ...['intake', 'delivery'].map((room) => ({
    room,
    may: ['pricing', 'ledger', 'policy', 'splitter', 'dialects', 'tables', 'stores/contract.ts', 'domain', 'kit'],
  })),
  { room: 'executor', may: ['providers/contract.ts', 'domain', 'kit'] },
  {
    room: 'engine',
    may: [
      'pricing',
      'ledger',
      'policy',
      'splitter',
      'dialects',
      'tables',
      'audit',
      'intake',
      'delivery',
      'executor',
    ].concat(['stores/contract.ts', 'dispatch/contract.ts', 'providers/contract.ts', 'domain', 'kit']),
  },
  ...['client', 'server'].map((room) => ({ room, may: ['engine/index.ts', 'dialects', 'domain', 'kit'] })),
  { room: 'emulator', may: ['kit', 'pricing/prices'] },
  { room: 'config', may: ['pricing', 'domain', 'kit'] },
  { room: 'accounts', may: ['config', 'providers', 'stores/contract.ts', 'domain', 'kit'] },
  {
    room: 'compose.ts',
    may: [
      'accounts',
      'audit-usage.ts',
      'measure-engine.ts',
      'config',
      'client',
      'server',
      'engine',
      'providers',
      'stores',
      'dispatch',
      'delivery',
      'intake',
      'domain',
      'kit',
    ],
  },
  { room: 'audit-usage.ts', may: ['accounts', 'engine', 'providers', 'domain', 'kit'] },
  {
    room: 'measure-engine.ts',
    may: ['accounts', 'config', 'executor', 'engine/index.ts', 'providers', 'domain', 'kit'],
  },
  {
    room: 'index.ts',
    may: [
      'compose.ts',
      'audit-usage.ts',
      'measure-engine.ts',
      'config/config.ts',
      'config/refresh-prices.ts',
      'client',
      'domain',
      'engine/index.ts',
    ],
  },
  { room: 'cli', may: ['index.ts', 'server', 'emulator/index.ts', 'domain', 'kit'] },
]

/** delivery reads what intake wrote: the manifest is a file format, and formats are shared. */
const formats = ['intake/manifest.ts']
const rooms1 = ['intake', 'delivery', 'executor']

const src = resolve(import.meta.dirname, '../src')
const files = readdirSync(src, { recursive: true, encoding: 'utf8' }).filter((path) => path.endsWith('.ts'))
const inside = (path: string, room: string): boolean => path === room || path.startsWith(`${room}/`)
const roomOf = (path: string) => rooms.find(({ room }) => inside(path, room))

function importsOf(path: string): string[] {
  const text = readFileSync(join(src, path), 'utf8')
  const found = [...text.matchAll(/(?:from|import)\s*\(?\s*'(\.{1,2}\/[^']+)'/g)].map((match) => match[1] as string)
  const beside = [...text.matchAll(/moduleBeside\(import\.meta\.url, '(\.{1,2}\/[^']+)'\)/g)].map(
    (match) => `${match[1]}.ts`,
  )
  return [...found, ...beside].map((target) => relative(src, resolve(join(src, dirname(path)), target)))
}

test('every file lies in a room', () => {
  expect(files.filter((path) => roomOf(path) === undefined)).toEqual([])
})

test('rooms import downwards only', () => {
  const wrong: string[] = []
  for (const path of files) {
    const room = roomOf(path)
    if (room === undefined) continue
    for (const target of importsOf(path)) {
      const ownFloor = inside(target, room.room) || room.may.some((may) => inside(target, may))
      const format = rooms1.includes(room.room) && formats.includes(target)
      if (!ownFloor && !format) wrong.push(`${path} → ${target}`)
    }
  }
  expect(wrong).toEqual([])
})

/** The rooms of the engine, from the ground up; beside them lie its contract and options, above them its index. */
const stairs = ['rows', 'shards', 'purchase', 'harvest', 'savings', 'books', 'doctor', 'quote', 'flight', 'job']

test('rooms of the engine import downwards only', () => {
  const floorOf = (path: string): number => stairs.findIndex((room) => inside(path, `engine/${room}`))
  const wrong = files
    .filter((path) => inside(path, 'engine') && floorOf(path) >= 0)
    .flatMap((path) =>
      importsOf(path)
        .filter((target) => inside(target, 'engine') && !['engine/ports.ts', 'engine/options.ts'].includes(target))
        .filter((target) => floorOf(target) < 0 || floorOf(target) > floorOf(path))
        .map((target) => `${path} → ${target}`),
    )
  expect(wrong).toEqual([])
  const outside = files.filter((path) => inside(path, 'engine') && floorOf(path) < 0)
  expect(outside.toSorted()).toEqual(
    ['engine.ts', 'index.ts', 'options.ts', 'ports.ts'].map((name) => `engine/${name}`),
  )
})

test('no vendor is named in the engine', () => {
  const vendors = /openai|anthropic|gemini|vertex|claude|\bgpt-/i
  const named = files
    .filter((path) => inside(path, 'engine') && !path.endsWith('.test.ts'))
    .filter((path) => vendors.test(readFileSync(join(src, path), 'utf8')))
  expect(named).toEqual([])
})

test('only compose and the command line read the environment', () => {
  const readers = files.filter((path) => /process\.env/.test(readFileSync(join(src, path), 'utf8')))
  expect(readers.filter((path) => path !== 'compose.ts' && !inside(path, 'cli') && !path.endsWith('.test.ts'))).toEqual(
    [],
  )
})
