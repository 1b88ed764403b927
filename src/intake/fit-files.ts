import { SLOT_BYTES } from '../domain/file-slot.ts'
import type { FileBytes, FileLimits } from '../domain/limits.ts'
import type { ImageSize, MediaType } from '../kit/media-file.ts'
import { BadRow } from './bad-row.ts'

/** A file of a row, as far as its vendor's limits ask. */
export interface Fitting {
  /** Its path or address. */
  readonly from: string
  /** Null: an image at an address, which the vendor fetches. */
  readonly type: MediaType | null
  readonly bytes: number
  readonly size?: ImageSize | undefined
  /** Bytes of its part in the body. */
  readonly partBytes: number
}

/** A part that holds a slot, at the most, but for a name in it. */
const REFERENCE_BYTES = SLOT_BYTES + 96

/**
 * Which files of a row are named by reference, because they do not fit into the request: those that are too large by
 * themselves, then the largest of the others until the rest is small enough.
 * @param besides  bytes of the body without the files
 * @param limits   undefined: everything goes inline
 * @throws BadRow with the numbers, where the vendor takes it in no way
 */
export function fitFiles<File extends Fitting>(
  files: readonly File[],
  besides: number,
  bodyBytesMax: number,
  limits: FileLimits | undefined,
): ReadonlySet<File> {
  const referred = new Set<File>()
  if (limits !== undefined) {
    checkAll(files, limits)
    for (const file of files) if (!fits(file, limits.inline)) referred.add(checkedReferred(file, limits))
  }
  const bytes = (): number =>
    files.reduce((sum, file) => sum + (referred.has(file) ? REFERENCE_BYTES : file.partBytes), besides)
  const bytesMax = Math.min(bodyBytesMax, limits?.inlineBytesMax ?? bodyBytesMax)
  const largest = files
    .filter((file) => file.partBytes > REFERENCE_BYTES && canRefer(file, limits))
    .sort((a, b) => b.partBytes - a.partBytes)
  for (const file of largest) if (bytes() > bytesMax) referred.add(file)
  if (bytes() <= bodyBytesMax) return referred
  const names = files.map(({ from }) => from).join(', ')
  throw new BadRow(
    `${names}: too large, the request would be ${bytes()} bytes; its vendor takes at most ${bodyBytesMax}`,
  )
}

const isImage = ({ type }: Fitting): boolean => type === null || type.startsWith('image/')
const isPdf = ({ type }: Fitting): boolean => type === 'application/pdf'
const bytesOf = (files: readonly Fitting[]): number => files.reduce((sum, { bytes }) => sum + bytes, 0)

function checkAll(files: readonly Fitting[], limits: FileLimits): void {
  const images = files.filter(isImage)
  const { imagesMax, pdfsBytesMax, totalBytesMax } = limits
  if (imagesMax !== null && images.length > imagesMax)
    throw new BadRow(`has ${images.length} images; its vendor takes at most ${imagesMax} in a request`)
  const edgeMax = limits.imageEdgeMax?.(images.length) ?? Number.POSITIVE_INFINITY
  for (const { from, size } of images) {
    if (size === undefined || Math.max(size.width, size.height) <= edgeMax) continue
    const others = images.length > 1 ? `, in a request with ${images.length} of them` : ''
    throw new BadRow(
      `${from}: is ${size.width} by ${size.height} pixels; its vendor takes images of at most ${edgeMax} by ${edgeMax}${others}`,
    )
  }
  const pdfs = files.filter(isPdf)
  if (pdfsBytesMax !== null && bytesOf(pdfs) > pdfsBytesMax) throw tooLarge(pdfs, 'PDFs', pdfsBytesMax)
  if (totalBytesMax !== null && bytesOf(files) > totalBytesMax) throw tooLarge(files, 'files', totalBytesMax)
}

function tooLarge(files: readonly Fitting[], what: string, max: number): BadRow {
  const names = files.map(({ from }) => from).join(', ')
  return new BadRow(
    `${names}: too large, ${bytesOf(files)} bytes; its vendor takes at most ${max} bytes of ${what} in a request`,
  )
}

function fits(file: Fitting, { imageBytesMax, pdfBytesMax }: FileBytes): boolean {
  if (isPdf(file)) return file.bytes <= (pdfBytesMax ?? Number.POSITIVE_INFINITY)
  return !isImage(file) || file.bytes <= (imageBytesMax ?? Number.POSITIVE_INFINITY)
}

const canRefer = (file: Fitting, { referred }: Partial<FileLimits> = {}): boolean =>
  referred !== undefined && file.type !== null && referred.types.includes(file.type) && fits(file, referred)

function checkedReferred<File extends Fitting>(file: File, limits: FileLimits): File {
  if (canRefer(file, limits)) return file
  const { inline, referred } = limits
  const byReference = referred !== undefined && file.type !== null && referred.types.includes(file.type)
  const { imageBytesMax, pdfBytesMax } = byReference ? referred : inline
  const [what, max] = isPdf(file) ? ['PDFs', pdfBytesMax] : ['images', imageBytesMax]
  throw new BadRow(`${file.from}: is ${file.bytes} bytes; its vendor takes ${what} of at most ${max}`)
}
