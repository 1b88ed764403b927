import { quotaHoldingStates } from '../../../domain/states.ts'
import type { QuotaClaim } from '../../contract.ts'
import type { Database } from '../schema.ts'

/**
 * Locks: nothing; inside a writing transaction nobody can claim in between. Tokens and inputs are those of the model,
 * with what ended lately and the vendor has not let go of; `open` counts all models.
 */
export const quotaUsage = (db: Database, { accountId, model, endedHoldSince }: QuotaClaim) =>
  db
    .selectFrom('submission')
    .select((eb) => [
      eb.fn.sum<number | null>(eb.case().when('model', '=', model).then(eb.ref('tokens')).end()).as('tokens'),
      eb.fn.sum<number | null>(eb.case().when('model', '=', model).then(eb.ref('inputs')).end()).as('inputs'),
      eb.fn.sum<number | null>(eb.case().when('state', 'in', quotaHoldingStates).then(1).end()).as('open'),
    ])
    .where('accountId', '=', accountId)
    .where((eb) => eb.or([eb('state', 'in', quotaHoldingStates), eb('endedAt', '>=', endedHoldSince)]))
    .compile()
