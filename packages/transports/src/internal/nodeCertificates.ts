/** Whether Node can use certificates and a key, told before any connection is made. Loaded only where some are given. */
import type { TransportError } from "@universal-mcp/core/McpTransport"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import { createPrivateKey, type KeyObject, X509Certificate } from "node:crypto"
import { createSecureContext } from "node:tls"
import * as badConfig from "./badConfig.ts"
import type { Material, Pem } from "./tls.ts"

/** What Node's TLS takes. */
export interface Certificates {
  readonly ca?: Array<string>
  readonly cert?: string
  readonly key?: string
}

export const check = Effect.fnUntraced(
  function*({ ca, cert, key }: Material): Effect.fn.Return<Certificates, TransportError> {
    for (const one of ca ?? []) yield* certificateIn(one)
    if (cert !== undefined && key !== undefined) yield* pair(yield* certificateIn(cert), yield* keyIn(key), cert, key)
    const checked = {
      ...(ca === undefined ? {} : { ca: ca.map(({ text }) => text) }),
      ...(cert === undefined ? {} : { cert: cert.text }),
      ...(key === undefined ? {} : { key: key.text })
    }
    return yield* attempt(
      () => createSecureContext(checked),
      (code) => badConfig.error(`\`tls\` cannot be used (${code})`)
    ).pipe(
      Effect.as(checked)
    )
  }
)

// ---------------------------------------------------------------------------------------------------------------------
// Internal
// ---------------------------------------------------------------------------------------------------------------------

const blocks = /-----BEGIN (?:X509 |TRUSTED )?CERTIFICATE-----[^-]*-----END (?:X509 |TRUSTED )?CERTIFICATE-----/g

/** The first of them: what follows are those that vouch for it. */
const certificateIn = Effect.fnUntraced(
  function*({ name, text }: Pem): Effect.fn.Return<X509Certificate, TransportError> {
    const found: Array<X509Certificate> = []
    for (const block of text.match(blocks) ?? []) {
      found.push(
        yield* attempt(
          () => new X509Certificate(block),
          (code) =>
            badConfig.error(
              `${name} holds a certificate that cannot be read (${code})`,
              "check that the file is complete"
            )
        )
      )
    }
    const [first] = found
    return first ??
      (yield* badConfig.error(`${name} holds no certificate`, "it must have -----BEGIN CERTIFICATE----- in it"))
  }
)

const keyIn = ({ name, text }: Pem): Effect.Effect<KeyObject, TransportError> =>
  attempt(() => createPrivateKey(text), (code) =>
    /ENCRYPTED/.test(text)
      ? badConfig.error(`${name} is encrypted`, "decrypt it: openssl pkey -in client.key -out plain.key")
      : badConfig.error(
        `${name} holds no private key that can be read (${code})`,
        "it must be a private key in PEM format"
      ))

const pair = (
  certificate: X509Certificate,
  key: KeyObject,
  cert: Pem,
  { name }: Pem
): Effect.Effect<void, TransportError> =>
  certificate.checkPrivateKey(key)
    ? Effect.void
    : Effect.fail(
      badConfig.error(`${name} is not the key of ${cert.name}`, "give the key that the certificate was made for")
    )

/** Of the failure only its code: the text may repeat what it was given. */
const attempt = <A>(act: () => A, toError: (code: string) => TransportError): Effect.Effect<A, TransportError> =>
  Effect.fromResult(Result.try({
    try: act,
    catch: (cause) => toError(cause instanceof Error && "code" in cause ? String(cause.code) : "unknown")
  }))
