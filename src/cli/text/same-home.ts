/** Commands that a text names have to find the home that this one was told. */
export const sameHome = (text: string, home: string | undefined): string =>
  home === undefined
    ? text
    : text.replaceAll(/redeye \w+ job_\w+|redeye list/g, (command) => `${command} --home ${quoted(home)}`)

const quoted = (path: string): string =>
  /^[\w./~+:@-]+$/.test(path) ? path : `'${path.replaceAll("'", String.raw`'\''`)}'`
