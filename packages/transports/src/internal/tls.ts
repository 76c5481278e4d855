/** The certificates of a configuration: read from their files, and given to the platform, which makes connections. */
import type { TransportError } from "@universal-mcp/core/McpTransport"
import * as ServerConfig from "@universal-mcp/core/ServerConfig"
import type { Tls } from "@universal-mcp/core/Tls"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import { FileSystem } from "effect/FileSystem"
import type { HttpClient } from "effect/http/HttpClient"
import * as Option from "effect/Option"
import type * as Scope from "effect/Scope"
import * as badConfig from "./badConfig.ts"
import type { Wire } from "./wire.ts"

/** PEM text, with the file that each came from. */
export interface Material {
  readonly ca?: ReadonlyArray<Pem>
  readonly cert?: Pem
  readonly key?: Pem
}

export interface Pem {
  readonly text: string
  /** How an error names it, such as `tls.cert (client.pem)`. */
  readonly name: string
}

/** Connections with certificates of their own. */
export interface Secured {
  readonly wire: Wire
  /** The same for requests that an `HttpClient` made of ours sends. */
  readonly client: Effect.Effect<HttpClient>
  /** Whether a request has gone that way: an `HttpClient` that is not made of ours knows nothing of it. */
  isUsed: boolean
}

/** How a platform makes them. */
export type Secure = (material: Material) => Effect.Effect<Secured, TransportError, Scope.Scope>

/** That of the platform, for a client that is made of ours. Default: it cannot. */
export const Platform = Context.Reference<Secure | undefined>("@universal-mcp/transports/internal/tls/Platform", {
  defaultValue: () => undefined
})

/** Of the session that sends a request. */
export const Current = Context.Reference<Secured | undefined>("@universal-mcp/transports/internal/tls/Current", {
  defaultValue: () => undefined
})

/** `own` is how the client makes them, if it is ours. */
export const make = Effect.fnUntraced(
  function*({ ca, cert, key }: Tls, own?: Secure): Effect.fn.Return<Secured, TransportError, Scope.Scope> {
    const secure = own ?? (yield* Platform)
    if (secure === undefined) return yield* foreign
    const read = {
      ...(ca === undefined ? {} : { ca: yield* Effect.forEach([ca].flat(), (one) => pem("tls.ca", one)) }),
      ...(cert === undefined ? {} : { cert: yield* pem("tls.cert", cert) }),
      ...(key === undefined ? {} : { key: yield* pem("tls.key", ServerConfig.reveal(key)) })
    }
    return yield* secure(yield* paired(read))
  }
)

/** The `HttpClient` makes connections in its own way. */
export const foreign = badConfig.error(
  "`tls` has no effect on this HttpClient",
  "use the HttpClient of `NodeTransports`, or give the certificates to your own and leave `tls` out"
)

// ---------------------------------------------------------------------------------------------------------------------
// Internal
// ---------------------------------------------------------------------------------------------------------------------

const isPem = (text: string): boolean => text.includes("-----BEGIN")

/** One file may hold both; one without the other is of no use. */
const paired = (material: Material): Effect.Effect<Material, TransportError> => {
  const { cert, key } = material
  if ((cert === undefined) === (key === undefined)) return Effect.succeed(material)
  if (cert !== undefined && /-----BEGIN [A-Z ]*PRIVATE KEY/.test(cert.text)) {
    return Effect.succeed({ ...material, key: cert })
  }
  if (key !== undefined && key.text.includes("-----BEGIN CERTIFICATE")) {
    return Effect.succeed({ ...material, cert: key })
  }
  return Effect.fail(
    cert === undefined
      ? badConfig.error("`tls.key` is given without `tls.cert`", "add the certificate that belongs to the key")
      : badConfig.error("`tls.cert` is given without `tls.key`", "add the private key that belongs to the certificate")
  )
}

const pem = Effect.fnUntraced(function*(field: string, given: string): Effect.fn.Return<Pem, TransportError> {
  if (isPem(given)) return { text: given, name: `\`${field}\`` }
  const path = given.trim()
  const name = `\`${field}\`${shown(path)}`
  const fs = yield* Effect.serviceOption(FileSystem)
  if (Option.isNone(fs)) {
    return yield* badConfig.error(`${name} cannot be read: there is no FileSystem`, "give PEM text instead of a path")
  }
  const text = yield* Effect.mapError(
    fs.value.readFileString(path),
    ({ reason }) =>
      badConfig.error(
        `${name} cannot be read: ${reason._tag === "NotFound" ? "there is no such file" : reason._tag}`,
        "give the path of a PEM file, or its text with the lines -----BEGIN and -----END"
      )
  )
  if (isPem(text)) return { text, name }
  return yield* badConfig.error(
    `${name} is not in PEM format`,
    "convert it, for example: openssl x509 -inform der -in cert.der -out cert.pem"
  )
})

/** What does not look like a path may be a key without its first line. */
const shown = (path: string): string =>
  path.length <= 255 && /^(?:[./~\\]|[A-Za-z]:[\\/]|.*\.\w{1,8}$)/.test(path) && !/[\r\n]/.test(path)
    ? ` (${path})`
    : ""
