/** Why a row makes no request: said with its line, beside all other bad ones. */
export class BadRow extends Error {}
