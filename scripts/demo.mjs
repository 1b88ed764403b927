// A real job, flown on emulated vendors: the command line is the one that everybody uses, only the far end is ours.
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { startEmulator } from '../dist/emulator/index.js'

const SPEED = 1800 // half an hour in a second
const ROWS = 1000
const folder = 'demo-output'
const home = `${folder}/home`
const main = 'dist/cli/main.js'

const categories = ['billing', 'delivery', 'returns', 'account', 'product', 'other']
const openings = ['Hello,', 'Hi there,', 'Good morning,', 'Sorry to bother you,', 'Quick question:']
const questions = [
  'why was I charged twice for',
  'when will you ship',
  'how do I send back',
  'I cannot log in since I bought',
  'does the warranty cover',
  'can I change the address for',
  'the box was empty when I opened',
  'where do I find the invoice for',
]
const things = ['the blue kettle', 'my espresso machine', 'the garden hose', 'two desk lamps', 'a pair of headphones']

mkdirSync(folder, { recursive: true })
rmSync(home, { recursive: true, force: true })
writeFileSync(
  `${folder}/questions.csv`,
  `ticket,text\n${Array.from({ length: ROWS }, (_, row) => ticket(row)).join('')}`,
)
writeFileSync(`${folder}/categories.json`, JSON.stringify(categories))

// A batch of three hours, in which one row in a hundred fails with a 500, once: those fly again by themselves.
const emulator = await startEmulator({ speed: SPEED, scenario: ['slow:hours=3', 'rows-500:share=0.01'] })
const env = {
  ...process.env,
  OPENAI_BASE_URL: emulator.baseUrls.openai,
  OPENAI_API_KEY: 'sk-emulated',
  REDEYE_SPEED: String(SPEED),
}
try {
  tell(`${ROWS} support questions, labelled on an emulated OpenAI whose clock runs ${SPEED} times as fast.`)
  const what = ['--model', 'gpt-4.1-mini', '--prompt', 'Which category is this ticket? {{text}}']
  const how = ['--schema', `${folder}/categories.json`, '--by', '20h', '--budget', '1', '--yes', '--home', home]
  const code = await redeye(['run', `${folder}/questions.csv`, '-o', `${folder}/results.csv`, ...what, ...how])
  if (code !== 0) process.exitCode = code
  else sayWhatNow()
} finally {
  await emulator.close()
}

function sayWhatNow() {
  const [head, ...rows] = readFileSync(`${folder}/results.csv`, 'utf8').split('\n')
  tell(`Three of the ${ROWS} rows (an emulated model guesses; a real one reads):`)
  for (const line of [head, ...rows.slice(0, 3)]) console.log(`  ${line}`)
  tell('Where things are:')
  console.log(`  results  ${folder}/results.csv`)
  console.log(`  home     ${home}   every job lives in one; yours is REDEYE_HOME`)
  tell('What to try next:')
  const { stdout } = spawnSync(process.execPath, [main, 'list', '--json', '--home', home], { env, encoding: 'utf8' })
  const [{ id }] = JSON.parse(stdout)
  const here = `--home ${home}`
  const commands = [
    `show ${id} ${here}`,
    `bill ${id} --per lane ${here}`,
    `results ${id} --format jsonl ${here}`,
    'run --help',
  ]
  for (const command of commands) console.log(`  node_modules/.bin/node ${main} ${command}`)
}

function ticket(row) {
  const pick = (list, step) => list[Math.floor(row / step) % list.length]
  return `T-${1000 + row},"${pick(openings, 40)} ${pick(questions, 1)} ${pick(things, 8)}? Order ${7919 * (row + 1)}."\n`
}

/** Runs the command line as a user would, and shows what was typed. */
async function redeye(args) {
  console.log(`$ redeye ${args.map((arg) => (/^[\w./-]+$/.test(arg) ? arg : `"${arg}"`)).join(' ')}\n`)
  const child = spawn(process.execPath, [main, ...args], { stdio: 'inherit', env })
  const leave = () => {} // Ctrl-C reaches the command too, which detaches; this waits for it
  process.on('SIGINT', leave)
  const [code] = await once(child, 'close')
  process.off('SIGINT', leave)
  return code ?? 1
}

function tell(text) {
  console.log(`\n${text}\n`)
}
