import { DAY, HOUR, MINUTE } from '../../kit/clock.ts'
import type { ForgottenRow } from '../contract.ts'
import type { SqlDialect } from './dialect.ts'
import { changedBy, firstOf, rowsOf } from './query.ts'
import type { Database } from './schema.ts'
import { coldSince } from './statements/cold-since.ts'
import { deleteForgotten } from './statements/delete-forgotten.ts'
import { insertForgotten } from './statements/insert-forgotten.ts'
import { lastEvent } from './statements/last-event.ts'
import { markCold } from './statements/mark-cold.ts'
import { markWarm } from './statements/mark-warm.ts'
import { readMeta } from './statements/read-meta.ts'
import { writeMeta } from './statements/write-meta.ts'

/** A store that nobody kept alive for longer than this may be a backup, restored after purchases it knows nothing of. */
const SILENCE_MAX = 10 * MINUTE
/** A purchase may have been sent this long before the last sign of life and have come in after it. */
const LISTED_BEFORE = HOUR
/** How long vendors keep results, and some more. */
const FORGOTTEN_MAX = 40 * DAY
const ROWS_AT_ONCE = 200

/**
 * Keeps watch for a restored backup. Signs of one make every account cold: nothing is bought until the vendor was
 * listed. Silence is measured in real time, for that is how backups age, also where our clock runs faster.
 */
export interface Vigil {
  /** Some event was written. */
  seen(events: number): void
  beat(now: number): Promise<void>
  coldSince(accountId: string): Promise<number | null>
  warmed(accountId: string, forgotten?: readonly ForgottenRow[]): Promise<void>
}

/** Looks for the signs; the store's own knowledge is read after the witness, so that others at work cause no alarm. */
export async function keepVigil({ db, witness }: SqlDialect, real: () => number): Promise<Vigil> {
  const sighting = witness.read()
  const known = await knownTo(db)
  const restored = sighting !== undefined && (sighting.events > known.events || sighting.aliveAt > known.aliveReal)
  if (restored || isSilent(known, real())) await db.transaction().execute((trx) => goCold(trx, restored, real()))

  let { aliveReal } = await knownTo(db)
  if (restored || sighting === undefined) witness.write({ events: known.events, aliveAt: aliveReal }, true)

  return {
    seen(events) {
      try {
        witness.write({ events, aliveAt: aliveReal }, false)
      } catch {
        // The commit stands whatever becomes of its witness; the next beat says what is wrong with it.
      }
    },
    async beat(now) {
      aliveReal = real()
      const events = await db.transaction().execute(async (trx) => {
        const known = await knownTo(trx)
        if (isSilent(known, aliveReal)) await goCold(trx, false, aliveReal)
        await trx.executeQuery(writeMeta(trx, 'alive_at', now))
        await trx.executeQuery(writeMeta(trx, 'alive_real', aliveReal))
        return known.events
      })
      witness.write({ events, aliveAt: aliveReal }, true)
    },
    async coldSince(accountId) {
      const known = await knownTo(db)
      if (isSilent(known, real())) await db.transaction().execute((trx) => goCold(trx, false, real()))
      const account = await firstOf(db, coldSince(db, accountId))
      return account === undefined ? known.restoredFrom : account.coldSince
    },
    async warmed(accountId, forgotten = []) {
      await db.transaction().execute(async (trx) => {
        for (let rest = forgotten; rest.length > 0; rest = rest.slice(ROWS_AT_ONCE))
          await changedBy(trx, insertForgotten(trx, accountId, rest.slice(0, ROWS_AT_ONCE)))
        const newest = forgotten.reduce((latest, { createdAt }) => Math.max(latest, createdAt), 0)
        await changedBy(trx, deleteForgotten(trx, accountId, newest - FORGOTTEN_MAX))
        await changedBy(trx, markWarm(trx, accountId))
      })
    },
  }
}

interface Known {
  readonly events: number
  readonly aliveAt: number
  readonly aliveReal: number
  readonly restoredFrom: number | null
}

async function knownTo(db: Database): Promise<Known> {
  const meta = new Map((await rowsOf(db, readMeta(db))).map(({ key, value }) => [key, Number(value)]))
  return {
    events: Number((await firstOf(db, lastEvent(db)))?.seq ?? 0),
    aliveAt: meta.get('alive_at') ?? 0,
    aliveReal: meta.get('alive_real') ?? 0,
    restoredFrom: meta.get('restored_from') ?? null,
  }
}

const isSilent = ({ aliveReal }: Known, real: number): boolean => real - aliveReal > SILENCE_MAX

/**
 * Inside a transaction, so that a crash leaves the accounts cold or the silence unbroken. A store that certainly went
 * back remembers it for accounts to come: one of them may have bought in the time that was forgotten.
 */
async function goCold(db: Database, restored: boolean, real: number): Promise<void> {
  const known = await knownTo(db)
  if (!restored && !isSilent(known, real)) return // another process was first
  const since = known.aliveAt - LISTED_BEFORE
  await changedBy(db, markCold(db, since))
  if (restored) await db.executeQuery(writeMeta(db, 'restored_from', since))
  await db.executeQuery(writeMeta(db, 'alive_real', real))
}
