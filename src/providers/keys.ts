import { extensions, type MediaType } from '../kit/media-file.ts'

/** Of the form that keys of ours have: what tells them from any other name at a vendor. */
export const isKey = (text: string): boolean => /^[a-z2-7]{20}$/.test(text)

/** The key of ours by which an input file is named. */
export const keyIn = (filename: string): string | undefined => /^([a-z2-7]{20})\.jsonl$/.exec(filename)?.[1]

/** The name of an attachment, and the key in it. */
export const attachmentName = ({ key, type }: { readonly key: string; readonly type: MediaType }): string =>
  `${key}.${extensions[type]}`
export const attachmentKeyIn = (filename: string): string | undefined =>
  /^([a-z2-7]{20})\.(?:png|jpg|gif|webp|pdf)$/.exec(filename)?.[1]
