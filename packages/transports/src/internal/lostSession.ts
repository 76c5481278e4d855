/**
 * How servers say that they do not know our session. The specification wants HTTP 404; in the wild there are 400, 401,
 * 403, 410, 503 and JSON-RPC errors in HTTP 200, each with words of its own.
 */

/** Whether the words may mean that. A tool's own error may have the same words, so this alone is no proof. */
export const isSaid = (text: string): boolean => {
  const words = normalized(text)
  return isUninitialized.test(words) || /\bsessions?\b/.test(words) && isGone.test(words)
}

/** Whether they cannot mean a login: a session that is looked up and not found is ours. */
export const isUnknown = (text: string): boolean =>
  isSaid(text) && /not found|could not find|unknown|session id|mcp session/.test(normalized(text))

/** Whether the session may have ended while the server was at work, and not before. */
export const mayHaveBegun = (text: string): boolean => /terminated|closed|ended|shut/.test(normalized(text))

// ---------------------------------------------------------------------------------------------------------------------
// Internal
// ---------------------------------------------------------------------------------------------------------------------

/** `Mcp-Session-Id`, `session_not_found` and `sessionId` as words, without `Bad Request:` and the like before them. */
const normalized = (text: string): string =>
  text.replaceAll(/([a-z])([A-Z])/g, "$1 $2").toLowerCase().replaceAll(/[-_\s"'`]+/g, " ").replace(preface, "").trim()

const preface = /^(?:(?:bad request|invalid request|unauthorized|forbidden|not found|gone|error|mcp error \d+)[:.]? )+/

const isGone =
  /\bno (?:valid |active |such |mcp )*sessions?\b|not (?:be )?(?:found|valid|known|recognized|exist|active)|could not find|unknown|unrecognized|invalid|expired|terminated|closed|ended|missing|required|mismatch|no longer|lost|gone/

const isUninitialized =
  /^(?:the )?(?:mcp )?(?:server|session|client|connection)(?: is)? (?:not (?:yet )?|un)initialized/
