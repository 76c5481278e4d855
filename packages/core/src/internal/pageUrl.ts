/** The address of a page that a server wants a person to open: which may be shown, and where it leads. */
import * as Result from "effect/Result"
import type { UrlHost } from "../Elicitation.ts"
import * as SafeText from "../SafeText.ts"

/** As the browser reads it, so that what is shown is what is opened; or what is wrong with it, in words that follow "its url". */
export const read = (given: unknown): Result.Result<string, string> => {
  if (typeof given !== "string") return Result.fail("is missing")
  if (given.length > longest) return tooLong
  // Parsing would take them away, and programs do not agree on what a backslash means.
  if (/[\t\n\r\\]/.test(given) || SafeText.hidden(given).length > 0) {
    return Result.fail("has a backslash, a line break or a character that is not seen")
  }
  const url = URL.parse(given)
  if (url === null) return Result.fail("is not one")
  if (url.protocol !== "https:" && !(url.protocol === "http:" && isLoopback(url.hostname))) {
    return Result.fail("is neither https: nor, on this machine itself, http:")
  }
  if (url.username !== "" || url.password !== "") {
    return Result.fail("has a user name or a password in front of its host")
  }
  return url.href.length > longest ? tooLong : Result.succeed(url.href)
}

export const hostOf = (url: string): UrlHost | undefined => {
  const parsed = URL.parse(url)
  if (parsed === null || parsed.hostname === "") return undefined
  const { host, hostname } = parsed
  return {
    name: host,
    isInternational: hostname.split(".").some((label) => label.startsWith("xn--")),
    network: isLoopback(hostname) ? "loopback" : isPrivate(hostname) ? "private" : "public"
  }
}

// ---------------------------------------------------------------------------------------------------------------------
// Internal
// ---------------------------------------------------------------------------------------------------------------------

const longest = 8192

const tooLong = Result.fail(`is longer than ${longest} characters`)

// A parsed host is in lower case, and an IPv4 address in four decimal parts, however it was written.

const isLoopback = (hostname: string): boolean =>
  /^127\.\d+\.\d+\.\d+$/.test(hostname) || hostname === "[::1]" || /^(?:.+\.)?localhost$/.test(hostname)

const isPrivate = (hostname: string): boolean =>
  /^\d+\.\d+\.\d+\.\d+$/.test(hostname)
    ? /^(?:0|10|100\.(?:6[4-9]|[7-9]\d|1[01]\d|12[0-7])|169\.254|172\.(?:1[6-9]|2\d|3[01])|192\.168)\./.test(hostname)
    : hostname.startsWith("[")
    ? /^\[(?:::|f[cd]|fe[89ab])/.test(hostname)
    : !hostname.includes(".") || /\.(?:local|internal|lan|home\.arpa)$/.test(hostname)
