/**
 * The parts of a blob's name. Names come from our own code, so a bad one is a mistake there and no trouble of the user.
 * A leading dot is ours: half-written blobs lie under `.tmp`.
 * @throws RangeError for a name that is absolute, climbs out of the store, or would not be a path of its own
 */
export function blobName(name: string): string[] {
  const parts = name.split('/')
  const bad = parts.some((part) => part === '' || part.startsWith('.') || /[\\\0]/.test(part))
  if (bad) throw new RangeError(`"${name}" is no name for a blob`)
  return parts
}
