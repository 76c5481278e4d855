/** The headers of every request to a server: what is configured, credentials of the URL, and who we are. */
import * as HttpHeaders from "@universal-mcp/core/HttpHeaders"
import { ClientInfo } from "@universal-mcp/core/McpSession"
import type { TransportError } from "@universal-mcp/core/McpTransport"
import type * as ServerConfig from "@universal-mcp/core/ServerConfig"
import * as Effect from "effect/Effect"
import * as Base64 from "effect/encoding/Base64"
import * as Result from "effect/Result"
import * as badConfig from "./badConfig.ts"

/** Names in lower case. What is configured wins. */
export const make = Effect.fnUntraced(function*(
  options: Pick<ServerConfig.AutoServerConfig, "headers">,
  url: URL
): Effect.fn.Return<Readonly<Record<string, string>>, TransportError> {
  const { headers = {} } = options
  yield* Effect.mapError(HttpHeaders.check(headers), badConfig.fromConfigError)
  const { name, version } = yield* ClientInfo
  const all: Record<string, string> = {
    "user-agent": [token(name), token(version)].filter((part) => part !== "").join("/"),
    ...credentials(url)
  }
  for (const [name, value] of Object.entries(headers)) all[name.toLowerCase()] = HttpHeaders.value(value)
  // It is of the message, and known to whoever sends it.
  delete all["content-length"]
  return all
})

/** Text as UTF-8, whose bytes a header carries as characters of Latin-1. */
export const utf8 = (text: string): string =>
  /^[\x20-\x7e]*$/.test(text)
    ? text
    : Array.from(encoder.encode(text), (byte) => String.fromCharCode(byte)).join("")
      .replace(/[^\t\x20-\x7e\x80-\xff]/g, "")

// ---------------------------------------------------------------------------------------------------------------------
// Internal
// ---------------------------------------------------------------------------------------------------------------------

const encoder = new TextEncoder()

/** What may stand in a `User-Agent`. */
const token = (text: string): string => text.replace(/[^!#$%&'*+.^_`|~0-9A-Za-z-]+/g, "-")

const credentials = ({ password, username }: URL): { readonly authorization?: string } => {
  if (username === "" && password === "") return {}
  const [name, secret] = [username, password].map((part) =>
    Result.getOrElse(Result.try(() => decodeURIComponent(part)), () => part)
  )
  return { authorization: `Basic ${Base64.encode(`${name}:${secret}`)}` }
}
