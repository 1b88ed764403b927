import type { Group, IndexRecord } from './manifest.ts'

/** Groups of requests, numbered as they are first met, and the sums of each. */
export class GroupSums {
  readonly groups: { -readonly [Key in keyof Group]: Group[Key] }[] = []
  bodyBytes = 0

  /** The number of such a group, which is made when it is new. */
  of({ endpoint, model }: Pick<Group, 'endpoint' | 'model'>): number {
    const at = this.groups.findIndex((group) => group.endpoint === endpoint && group.model === model)
    if (at >= 0) return at
    const sums = { requests: 0, bodyBytes: 0, tokens: 0, inputs: 0, outputMax: 0, outputMaxStated: 0 }
    return this.groups.push({ endpoint, model, ...sums }) - 1
  }

  add(record: IndexRecord): void {
    const group = this.groups[record.group] as (typeof this.groups)[number]
    group.requests++
    group.bodyBytes += record.bodyLength
    group.tokens += record.tokens
    group.inputs += record.inputs
    group.outputMax += record.outputMax
    if (record.outputMax > 0) group.outputMaxStated++
    this.bodyBytes += record.bodyLength
  }
}
