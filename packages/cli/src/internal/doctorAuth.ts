/** What a server that answered 401 or 403 asks for. Specification: 2025-11-25, Authorization; RFC 9728. */
import type { ConnectionError } from "@universal-mcp/core/McpError"
import * as McpSession from "@universal-mcp/core/McpSession"
import * as Effect from "effect/Effect"
import * as HttpClient from "effect/http/HttpClient"
import type * as HttpClientError from "effect/http/HttpClientError"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"
import type { Finding } from "./checkup.ts"

/** The metadata is asked for without credentials, and of the server itself only. */
export const whatItAsksFor = Effect.fnUntraced(function*(
  { status, wwwAuthenticate }: ConnectionError,
  url: URL,
  isAuthorized: boolean
): Effect.fn.Return<Finding, never, HttpClient.HttpClient> {
  const said = wwwAuthenticate === undefined
    ? [`HTTP ${status ?? "401"} without WWW-Authenticate`]
    : [`WWW-Authenticate: ${wwwAuthenticate}`]
  if (status === 403) return { evidence: said }
  const [, named] = /resource_metadata\s*=\s*"?([^",\s]+)/i.exec(wwwAuthenticate ?? "") ?? []
  const wellKnown = `${url.origin}/.well-known/oauth-protected-resource`
  const places = named === undefined ? [`${wellKnown}${url.pathname}`, wellKnown] : [named]
  for (const place of new Set(places)) {
    if (URL.parse(place)?.origin !== url.origin) {
      return { evidence: [...said, `its metadata is elsewhere, and was not fetched: ${place}`] }
    }
    const metadata = yield* fetch(place)
    if (Option.isNone(metadata)) continue
    const { authorization_servers: issuers = [], scopes_supported: scopes = [] } = metadata.value
    return {
      evidence: [
        ...said,
        `metadata: ${place}`,
        `authorization servers: ${issuers.length === 0 ? "none named" : issuers.join(", ")}`,
        ...(scopes.length === 0 ? [] : [`scopes: ${scopes.join(" ")}`])
      ],
      ...(issuers[0] === undefined || isAuthorized ? {} : {
        hint:
          `get an access token from ${
            issuers[0]
          } and send it: \`-H 'Authorization: Bearer $TOKEN'\` with --url, or in ` +
          "`headers` of the configuration"
      })
    }
  }
  return { evidence: [...said, `no metadata at ${places.join(" or ")}`] }
})

const Metadata = Schema.fromJsonString(Schema.Struct({
  authorization_servers: Schema.optionalKey(Schema.Array(Schema.String)),
  scopes_supported: Schema.optionalKey(Schema.Array(Schema.String))
}))

const longest = 64 * 1024

const fetch = (place: string): Effect.Effect<Option.Option<typeof Metadata.Type>, never, HttpClient.HttpClient> =>
  McpSession.ClientInfo.pipe(
    Effect.flatMap(({ name, version }) => HttpClient.get(place, { headers: { "user-agent": `${name}/${version}` } })),
    Effect.flatMap((response) => response.status === 200 ? beginning(response.stream) : Effect.succeed("")),
    Effect.flatMap(Schema.decodeEffect(Metadata)),
    Effect.timeout("5 seconds"),
    Effect.option
  )

const beginning = (bytes: Stream.Stream<Uint8Array, HttpClientError.HttpClientError>) => {
  let size = 0
  return bytes.pipe(
    Stream.takeWhile((chunk) => (size += chunk.length) <= longest),
    Stream.decodeText,
    Stream.mkString
  )
}
