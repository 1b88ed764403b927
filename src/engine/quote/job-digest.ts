import type { Manifest } from '../../intake/manifest.ts'
import { digestOf } from '../../kit/ids.ts'
import type { JobOptions, TableOptions } from '../options.ts'

/**
 * The digest of everything that decides the answers: input, model, prompt, system, schema, parameters. And the region:
 * it promises where the data goes, and a key must not answer with what has been elsewhere.
 */
export const digestOfJob = (manifest: Manifest, { model, table, region, orModels }: JobOptions): string =>
  digestOf(
    manifest.digest,
    JSON.stringify([
      model ?? null,
      table === undefined ? null : [table.prompt, table.system, table.model, table.schema, table.params],
      ...(table?.attachments ?? []),
      ...(region === undefined ? [] : [{ region }]),
      ...(orModels === undefined ? [] : [{ orModels }]),
    ]),
  ).toString('hex')

/** Of all that the rows of a table are asked alike, whatever model is. */
export const digestOfTable = ({ prompt, system, schema, params }: TableOptions): string =>
  digestOf(JSON.stringify([prompt, system, schema, params])).toString('hex')
