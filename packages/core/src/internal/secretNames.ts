/** Which names of flags, variables, headers and query parameters look as if a secret stands behind them. */
import * as secretWords from "./secretWords.ts"

/** `--api-key`, `GITHUB_TOKEN`, `oauth2Bearer`; not `--token-file`, `--auth-type` or `--max-tokens`. */
export const isSecretName = (name: string): boolean => {
  const words = name.slice(0, longestName).replace(/([a-z\d])([A-Z])/g, "$1 $2").toLowerCase().split(/[^a-z]+/)
    .filter((word) => word !== "")
  const [first = ""] = words
  const last = words.at(-1) ?? ""
  return !denials.has(first) && !descriptions.has(last) && !isPlainVariable(name) &&
    secretWords.inName.test(words.join(" "))
}

/** Whether a value is a secret because of its name. Behind `--api-key-header` may stand a name such as `X-Api-Key`. */
export const isSecret = (name: string, value: string): boolean =>
  isSecretName(name) && !(/header$/i.test(name) && headerName.test(value.slice(0, longestName)))

/** Variables that say where and how a program runs, in every environment: without them no path in an error can be read. */
export const isPlainVariable = (name: string): boolean =>
  plainVariables.has(name.toUpperCase()) || /^LC_[A-Z]+$/.test(name)

/** Headers whose values tell nothing: all others may hold a secret. */
export const isPlainHeader = (name: string): boolean => plainHeaders.has(name.toLowerCase())

// ---------------------------------------------------------------------------------------------------------------------
// Internal
// ---------------------------------------------------------------------------------------------------------------------

const headerName = /^(?:(?:proxy-)?authorization|cookie|x(?:-[a-z]+)+)$/i

/** In characters. No name is longer, and a text that is no name may be. */
const longestName = 128

/** What is said about a secret, in place of it. */
const descriptions: ReadonlySet<string> = new Set([
  "count",
  "dir",
  "directory",
  "endpoint",
  "file",
  "length",
  "limit",
  "method",
  "mode",
  "name",
  "path",
  "provider",
  "size",
  "sock",
  "socket",
  "timeout",
  "ttl",
  "type",
  "uri",
  "url"
])

const denials: ReadonlySet<string> = new Set(["disable", "max", "min", "no", "skip"])

const plainVariables: ReadonlySet<string> = new Set([
  "APPDATA",
  "HOME",
  "HOSTNAME",
  "LANG",
  "LANGUAGE",
  "LOCALAPPDATA",
  "LOGNAME",
  "NODE_ENV",
  "OLDPWD",
  "PATH",
  "PORT",
  "PWD",
  "SHELL",
  "TEMP",
  "TERM",
  "TMP",
  "TMPDIR",
  "TZ",
  "USER",
  "USERNAME",
  "USERPROFILE"
])

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
