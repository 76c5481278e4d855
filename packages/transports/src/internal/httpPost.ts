/** A message that is sent over Streamable HTTP. */
import type { RequestId } from "@modelcontextprotocol/client"
import type { TransportError } from "@universal-mcp/core/McpTransport"
import type * as http from "./http.ts"
import type { HttpSession } from "./httpSession.ts"
import * as status from "./status.ts"

export interface Handler {
  /** Says what reads an answer that is 2xx. */
  readonly read: (response: http.Response) => http.Body
  readonly onRefusal: (refusal: status.Refusal) => void
  readonly onFailure: (error: TransportError) => void
}

export interface Message {
  readonly body: string
  /** Of a request. */
  readonly id?: RequestId
  /** Beyond those of the session. */
  readonly headers?: Readonly<Record<string, string>> | undefined
}

export const send = (
  client: http.Http,
  session: HttpSession,
  { body, headers, id }: Message,
  { onFailure, onRefusal, read }: Handler
): http.Exchange => {
  const { post } = session.headers
  const { hasId } = session
  return client.exchange({
    method: "POST",
    url: client.url,
    headers: headers === undefined ? post : { ...post, ...headers },
    body
  }, {
    onResponse: (response) =>
      response.status >= 200 && response.status < 300
        ? read(response)
        : status.read(
          client,
          response,
          { id, session: hasId ? "header" : "none", authorized: client.authorized },
          onRefusal
        ),
    onFailure
  })
}
