/** A fault that lasts for so many emulated seconds from when it first strikes; `always` is without end. */
export function lasting(seconds: number): (now: number) => boolean {
  let since: number | undefined
  return (now) => {
    since ??= now
    return now < since + seconds * 1000
  }
}
