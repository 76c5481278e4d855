/** Which names of flags, variables, headers and query parameters look as if a secret stands behind them. */

/** `--api-key`, `GITHUB_TOKEN`, `oauth2Bearer`; not `--token-file`, `--auth-type` or `--max-tokens`. */
export const isSecretName = (name: string): boolean => {
  const words = name.slice(0, longestName).replace(/([a-z\d])([A-Z])/g, "$1 $2").toLowerCase().split(/[^a-z]+/)
    .filter((word) => word !== "")
  const [first = ""] = words
  const last = words.at(-1) ?? ""
  return !denials.has(first) && !descriptions.has(last) &&
    words.some((word) => secretWords.has(word) || endings.some((ending) => word.endsWith(ending)))
}

/** Headers whose values tell nothing: all others may hold a secret. */
export const isPlainHeader = (name: string): boolean => plainHeaders.has(name.toLowerCase())

// ---------------------------------------------------------------------------------------------------------------------
// Internal
// ---------------------------------------------------------------------------------------------------------------------

/** In characters. No name is longer, and a text that is no name may be. */
const longestName = 128

const secretWords: ReadonlySet<string> = new Set([
  "auth",
  "authentication",
  "authorization",
  "bearer",
  "cookie",
  "cookies",
  "credential",
  "credentials",
  "creds",
  "dsn",
  "jwt",
  "key",
  "otp",
  "pass",
  "pat",
  "pin",
  "pwd",
  "session",
  "sig",
  "signature"
])

/** Also of words that are written together, such as `apitoken` and `PGPASSWORD`. */
const endings = [
  "token",
  "secret",
  "secrets",
  "password",
  "passwd",
  "passphrase",
  "apikey",
  "accesskey",
  "authkey",
  "privatekey",
  "secretkey"
]

/** What is said about a secret, in place of it. */
const descriptions: ReadonlySet<string> = new Set([
  "count",
  "dir",
  "directory",
  "endpoint",
  "file",
  "header",
  "length",
  "limit",
  "method",
  "mode",
  "name",
  "path",
  "provider",
  "size",
  "timeout",
  "ttl",
  "type",
  "uri",
  "url"
])

const denials: ReadonlySet<string> = new Set(["disable", "max", "min", "no", "skip"])

const plainHeaders: ReadonlySet<string> = new Set([
  "accept",
  "accept-encoding",
  "accept-language",
  "cache-control",
  "connection",
  "content-type",
  "mcp-protocol-version",
  "origin",
  "user-agent"
])
