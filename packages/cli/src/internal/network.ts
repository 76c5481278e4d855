/** What lies below HTTP, looked at by itself: a session only says that it failed there. */
import * as Context from "effect/Context"
import * as Data from "effect/Data"
import type * as Effect from "effect/Effect"

export interface Certificate {
  /** Whom it is for. */
  readonly subject: string
  readonly issuer: string
  /** Milliseconds since the epoch; `NaN` if it cannot be read. */
  readonly validFrom: number
  readonly validTo: number
  /** The names it is valid for, as it has them. */
  readonly names: string
  /** Why it is not trusted: a code such as `CERT_HAS_EXPIRED`. */
  readonly problem?: string
  /** Such as `TLSv1.3`. */
  readonly protocol: string
}

export class NetworkError extends Data.TaggedError("NetworkError")<{
  /** Such as `ECONNREFUSED`. */
  readonly code: string
}> {}

export class Network extends Context.Service<Network, {
  /** The addresses of a host, as the system finds them. */
  readonly lookup: (host: string) => Effect.Effect<ReadonlyArray<string>, NetworkError>
  /** Opens a connection, closes it and gives the address it went to. */
  readonly connect: (host: string, port: number) => Effect.Effect<string, NetworkError>
  /** Shakes hands and gives the certificate that was shown, trusted or not; nothing is sent. */
  readonly certificate: (host: string, port: number) => Effect.Effect<Certificate, NetworkError>
}>()("@universal-mcp/cli/internal/network") {}
