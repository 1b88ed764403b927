/** Of the form that keys of ours have: what tells them from any other name at a vendor. */
export const isKey = (text: string): boolean => /^[a-z2-7]{20}$/.test(text)

/** The key of ours by which an input file is named. */
export const keyIn = (filename: string): string | undefined => /^([a-z2-7]{20})\.jsonl$/.exec(filename)?.[1]
