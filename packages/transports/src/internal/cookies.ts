/**
 * The cookies that a server has set, for that server alone: load balancers keep a session on one machine with them.
 * Specification: RFC 6265, section 5.
 */
import * as Duration from "effect/Duration"
import * as Cookies from "effect/http/Cookies"

export interface CookieJar {
  /** Takes the `Set-Cookie` headers of an answer from this URL. */
  readonly take: (url: URL, headers: ReadonlyArray<string>) => void
  /** The `Cookie` header for a request to this URL, if there is any cookie for it. */
  readonly header: (url: URL) => string | undefined
}

/** All URLs must be of one origin. `now` is the time of day, in milliseconds. */
export const make = (now: () => number): CookieJar => {
  const kept = new Map<string, Kept>()

  const take = (url: URL, header: string) => {
    if (header.length > longest) return
    for (const cookie of Object.values(Cookies.fromSetCookie(header).cookies)) {
      const { name, options = {}, valueEncoded } = cookie
      if (!isText(valueEncoded) || options.secure === true && url.protocol !== "https:") continue
      if (options.domain !== undefined && !isWithin(url.hostname, options.domain.toLowerCase())) continue
      const path = options.path ?? defaultPath(url)
      const key = `${name}\n${path}`
      const expires = expiryOf(options, now())
      // Also to keep the order in which they came.
      kept.delete(key)
      if (expires <= now()) continue
      kept.set(key, { path, expires, pair: `${name}=${valueEncoded}` })
      const [oldest] = kept.keys()
      if (kept.size > most && oldest !== undefined) kept.delete(oldest)
    }
  }

  return {
    take: (url, headers) => headers.forEach((header) => take(url, header)),
    header: (url) => {
      if (kept.size === 0) return undefined
      const time = now()
      const pairs: Array<Kept> = []
      for (const [key, cookie] of kept) {
        if (cookie.expires <= time) kept.delete(key)
        else if (isBelow(url.pathname, cookie.path)) pairs.push(cookie)
      }
      // Longer paths first, as the specification has it.
      return pairs.length === 0
        ? undefined
        : pairs.sort((a, b) => b.path.length - a.path.length).map(({ pair }) => pair).join("; ")
    }
  }
}

// ---------------------------------------------------------------------------------------------------------------------
// Internal
// ---------------------------------------------------------------------------------------------------------------------

/** A server must not fill our memory, nor make requests that no server takes. */
const most = 50

/** In characters. */
const longest = 4096

interface Kept {
  readonly path: string
  /** In milliseconds. */
  readonly expires: number
  readonly pair: string
}

const isText = (value: string): boolean => /^[\x20-\x7e\x80-\xff]*$/.test(value)

const expiryOf = ({ expires, maxAge }: NonNullable<Cookies.Cookie["options"]>, now: number): number => {
  if (maxAge !== undefined) return now + Duration.toMillis(maxAge)
  return expires?.getTime() ?? Infinity
}

const isWithin = (host: string, domain: string): boolean => host === domain || host.endsWith(`.${domain}`)

/** The folder of the URL. */
const defaultPath = ({ pathname }: URL): string => pathname.slice(0, Math.max(1, pathname.lastIndexOf("/")))

const isBelow = (path: string, folder: string): boolean =>
  path === folder || path.startsWith(folder.endsWith("/") ? folder : `${folder}/`)
