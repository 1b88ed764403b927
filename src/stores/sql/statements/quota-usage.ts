import { quotaHoldingStates } from '../../../domain/states.ts'
import type { QuotaClaim } from '../../contract.ts'
import type { Database } from '../schema.ts'

type Used = Pick<QuotaClaim, 'accountId' | 'lane' | 'model' | 'endedHoldSince'>

/**
 * Locks: nothing; inside a writing transaction nobody can claim in between. Tokens and inputs are those of the model,
 * with what ended lately and the vendor has not let go of; `open` counts all models. Two halves, each with an index of
 * its own: an account has few open submissions and, after a year, very many settled ones.
 */
export function quotaUsage(db: Database, { accountId, lane, model, endedHoldSince }: Used) {
  const ofAccount = db.selectFrom('submission').where('accountId', '=', accountId).where('lane', '=', lane)
  const holding = ofAccount
    .select((eb) => ['model', 'tokens', 'inputs', eb.lit<number>(1).as('open')])
    .where('state', 'in', quotaHoldingStates)
  const ended = ofAccount
    .select((eb) => ['model', 'tokens', 'inputs', eb.lit<number>(0).as('open')])
    .where('endedAt', '>=', endedHoldSince)
    .where('state', 'not in', quotaHoldingStates)
  return db
    .selectFrom(holding.unionAll(ended).as('used'))
    .select((eb) => [
      eb.fn.sum<number | null>(eb.case().when('model', '=', model).then(eb.ref('tokens')).end()).as('tokens'),
      eb.fn.sum<number | null>(eb.case().when('model', '=', model).then(eb.ref('inputs')).end()).as('inputs'),
      eb.fn.sum<number | null>('open').as('open'),
    ])
    .compile()
}
