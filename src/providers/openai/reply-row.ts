/**
 * The row of results that a batch would have had for a reply: users know it, and all that reads results reads it.
 * @param requestId  as the vendor names the call, where it does
 * @param id         put between `beforeId` and `afterId`
 */
export function replyRow(
  status: number,
  requestId: string,
  json: boolean,
): {
  readonly beforeId: string
  readonly afterId: string
  readonly afterBody: string
  readonly body?: string
} {
  const name = JSON.stringify(requestId)
  return {
    beforeId: `{"id":${name},"custom_id":"`,
    afterId: `","response":{"status_code":${status},"request_id":${name},"body":`,
    afterBody: '},"error":null}\n',
    ...(json
      ? {}
      : { body: `{"error":{"message":"HTTP ${status} without JSON","type":"server_error","param":null,"code":null}}` }),
  }
}

export const lostRow = (id: string, code: string, message: string): string =>
  `${JSON.stringify({ id, custom_id: id, response: null, error: { code, message } })}\n`
