const MAJOR_MIN = 24

/** What to say to a Node that is too old; undefined when it is not. */
export function oldNode(version: string): string | undefined {
  if (Number.parseInt(version, 10) >= MAJOR_MIN) return undefined
  return [
    `redeye: this is Node ${version}; redeye needs Node ${MAJOR_MIN} or newer.`,
    `Install it from https://nodejs.org, or by a version manager: nvm install ${MAJOR_MIN} · fnm use ${MAJOR_MIN} · volta install node@${MAJOR_MIN}.`,
  ].join('\n')
}
