/**
 * The cookies that a server has set, for that server alone: load balancers keep a session on one machine with them.
 * Effect's `Cookies` keeps to paths, domains, times and `Secure` (RFC 6265, section 5); this adds the limits.
 */
import * as Cookies from "effect/http/Cookies"

export interface CookieJar {
  /** Takes the `Set-Cookie` headers of an answer from this URL. */
  readonly take: (url: URL, headers: ReadonlyArray<string>) => void
  /** The `Cookie` header for a request to this URL, if there is any cookie for it. */
  readonly header: (url: URL) => string | undefined
}

/** All URLs must be of one origin. `now` is the time of day, in milliseconds. */
export const make = (now: () => number): CookieJar => {
  let kept: ReadonlyArray<Cookies.Cookie> = []

  const take = (url: URL, header: string) => {
    if (header.length > longest) return
    const set = Cookies.fromSetCookie(header)
    if (!Object.values(set.cookies).every(({ valueEncoded }) => isText(valueEncoded))) return
    const merged = Cookies.mergeIntoArray(kept, url.href, set, now())
    // What was set last is last, so that the limit drops what was not set for longest.
    const before = new Set(kept)
    kept = [...merged.filter((cookie) => before.has(cookie)), ...merged.filter((cookie) => !before.has(cookie))]
      .slice(-most)
  }

  return {
    // One by one, because the cookies of one `Cookies` have different names, and those of one answer may not.
    take: (url, headers) => headers.forEach((header) => take(url, header)),
    header: (url) => kept.length === 0 ? undefined : Cookies.toRequestCookieHeader(kept, url.href, now())
  }
}

// ---------------------------------------------------------------------------------------------------------------------
// Internal
// ---------------------------------------------------------------------------------------------------------------------

/** A server must not fill our memory, nor make requests that no server takes. */
const most = 50

/** In characters. */
const longest = 4096

/** Whether a header of HTTP can carry it. */
const isText = (value: string): boolean => /^[\x20-\x7e\x80-\xff]*$/.test(value)
