/**
 * How TLS connections to one server are made: whom to trust, and who we are.
 *
 * When to use: for a server with a certificate of your own authority, or one that demands a client certificate.
 *
 * ```ts
 * import type * as ServerConfig from "@universal-mcp/core/ServerConfig"
 *
 * const server: ServerConfig.AutoServerConfig = {
 *   name: "internal",
 *   url: "https://mcp.example.com/mcp",
 *   tls: { ca: "certs/ca.pem", cert: "certs/client.pem", key: "certs/client.key" }
 * }
 * server.tls?.ca // => "certs/ca.pem"
 * ```
 *
 * @since 0.1.0
 */
import * as Schema from "effect/Schema"
import { Secret } from "./internal/secret.ts"

const Text = Schema.String.check(Schema.isPattern(/\S/, { expected: "PEM text or the path of a file" }))

/**
 * Each field is PEM text, or the path of a file with it: in a configuration file relative to that file, in code relative
 * to the working directory. Files are read each time that the session connects.
 *
 * `ca` are the authorities to trust instead of those that Node trusts. `cert` and `key` are the client certificate, with
 * the chain that the server needs, and its private key, which must not be encrypted; one file may hold both.
 *
 * @category schemas
 * @since 0.1.0
 */
export const Tls = Schema.Struct({
  ca: Schema.optionalKey(Schema.Union([Text, Schema.NonEmptyArray(Text)])),
  cert: Schema.optionalKey(Text),
  key: Schema.optionalKey(Secret)
})

/**
 * @category models
 * @since 0.1.0
 */
export type Tls = typeof Tls.Type
