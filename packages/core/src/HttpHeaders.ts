/**
 * The headers that a configuration adds to every request: whether HTTP can carry them, and how they are sent.
 * Specification: RFC 9110, sections 5.1 and 5.5.
 *
 * When to use: in a transport of your own over HTTP, to refuse and to send the `headers` of a configuration as ours do.
 * The module is public because `@universal-mcp/transports` needs it too, and no package sees the internals of another.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import type * as Redacted from "effect/Redacted"
import * as clearText from "./internal/clearText.ts"
import { reveal } from "./internal/secret.ts"
import { ConfigError } from "./McpError.ts"

/**
 * Fails for the first header that HTTP cannot carry. `path` is where the headers stand in their document, for the error,
 * which names the header and never shows its value.
 *
 * ```ts
 * import * as HttpHeaders from "@universal-mcp/core/HttpHeaders"
 * import { Effect } from "effect"
 *
 * const wrong = Effect.runSync(Effect.flip(HttpHeaders.check({ "X-User": "Đorđe" })))
 * wrong.path // => "headers.X-User"
 * wrong.found // => "a value with a character beyond Latin-1 in it"
 * ```
 *
 * @category decoding
 * @since 0.1.0
 */
export const check = (
  headers: Readonly<Record<string, string | Redacted.Redacted<string>>> = {},
  path: ReadonlyArray<string> = ["headers"]
): Effect.Effect<void, ConfigError> => {
  for (const [name, secret] of Object.entries(headers)) {
    const problem = problemOf(name, value(secret))
    if (problem === undefined) continue
    const { allowed, found, hint } = problem
    return Effect.fail(new ConfigError({ path: [...path, problem.name].join("."), found, allowed: [allowed], hint }))
  }
  return Effect.void
}

/**
 * A value as it is sent: revealed, and without the spaces and line breaks around it. A token that was read from a file
 * often ends with one.
 *
 * When to use: in a transport of your own, for each header after `check`. What it gives is a secret in plain text.
 *
 * ```ts
 * import * as HttpHeaders from "@universal-mcp/core/HttpHeaders"
 * import { Redacted } from "effect"
 *
 * HttpHeaders.value(Redacted.make("Bearer s3cret\n")) // => "Bearer s3cret"
 * ```
 *
 * @category secrets
 * @since 0.1.0
 */
export const value = (secret: string | Redacted.Redacted<string>): string =>
  reveal(secret).replace(/^[\t\r\n ]+|[\t\r\n ]+$/g, "")

/**
 * What to warn of where credentials (a header or a parameter that looks like one or holds one of the `secrets`, user and
 * password of the URL) go to an
 * `http:` URL whose host is not this machine: they are sent in clear text. Nothing otherwise.
 *
 * When to use: in a transport of your own over HTTP, once per connection.
 *
 * ```ts
 * import * as HttpHeaders from "@universal-mcp/core/HttpHeaders"
 *
 * const headers = { Authorization: "Bearer s3cret" }
 * HttpHeaders.clearTextWarning({ url: "http://127.0.0.1:8000/mcp", headers }) // => undefined
 * HttpHeaders.clearTextWarning({ url: "http://mcp.example/mcp", headers })?.slice(0, 43) // => "credentials go to mcp.example in clear text"
 * ```
 *
 * @category warnings
 * @since 0.1.0
 */
export const clearTextWarning: (
  options: {
    readonly url?: string | undefined
    readonly headers?: Readonly<Record<string, string | Redacted.Redacted<string>>> | undefined
    readonly secrets?: ReadonlyArray<string | Redacted.Redacted<string>> | undefined
  }
) => string | undefined = clearText.warning

// ---------------------------------------------------------------------------------------------------------------------
// Internal
// ---------------------------------------------------------------------------------------------------------------------

interface Problem {
  /** The name up to its first wrong character: what follows may be a value that was written into the name. */
  readonly name: string
  readonly found: string
  readonly allowed: string
  readonly hint: string
}

const problemOf = (name: string, value: string): Problem | undefined => {
  const wrong = /[^!#$%&'*+.^_`|~0-9A-Za-z-]/u.exec(name)
  if (wrong !== null) {
    const shown = name.slice(0, wrong.index)
    return {
      name: shown,
      found: `a name with ${kindOf(wrong[0])} in it`,
      allowed: "a name of letters, digits and ! # $ % & ' * + - . ^ _ ` | ~",
      hint: shown === ""
        ? "write the name of a header"
        : `write ${JSON.stringify(shown)}, and what follows it as the value`
    }
  }
  if (name === "") {
    return { name, found: "an empty name", allowed: "the name of a header", hint: "write the name of a header" }
  }
  if (ofConnection.has(name.toLowerCase())) {
    return {
      name,
      found: "a header that belongs to the connection",
      allowed: "headers of a request",
      hint: "leave it out: it is set where it is needed"
    }
  }
  const unfit = /[^\t\x20-\x7e\x80-\xff]/u.exec(value)
  return unfit === null ? undefined : {
    name,
    found: `a value with ${kindOf(unfit[0])} in it`,
    allowed: "characters of ISO 8859-1 (Latin-1) without control characters",
    hint: "encode the value as the server expects it, for example in Base64"
  }
}

/** No client lets a program set them. */
const ofConnection: ReadonlySet<string> = new Set(["expect", "keep-alive", "transfer-encoding", "upgrade"])

/** Not the character itself, which may be a part of a secret. */
const kindOf = (character: string): string => {
  const code = character.codePointAt(0) ?? 0
  if (character === "\r" || character === "\n") return "a line break"
  if (code < 0x20 || code === 0x7f) return "a control character"
  if (character === ":") return "a colon"
  if (character === " ") return "a space"
  return code > 0xff ? "a character beyond Latin-1" : "a character that no name has"
}
