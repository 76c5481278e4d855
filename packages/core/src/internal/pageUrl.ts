/** The address of a page that a server wants a person to open: which may be shown, and where it leads. */
import * as Result from "effect/Result"
import type { UrlHost } from "../Elicitation.ts"
import * as SafeText from "../SafeText.ts"
import { isLoopback, networkOf } from "./hosts.ts"

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
    return Result.fail("is neither https nor, on this machine itself, http")
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
    network: networkOf(hostname)
  }
}

// ---------------------------------------------------------------------------------------------------------------------
// Internal
// ---------------------------------------------------------------------------------------------------------------------

const longest = 8192

const tooLong = Result.fail(`is longer than ${longest} characters`)
