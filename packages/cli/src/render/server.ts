/** A server as the heading of what it offers. */
import * as SafeText from "@universal-mcp/core/SafeText"
import { type Surveyed, transportOf } from "../internal/survey.ts"
import type { Screen } from "./Screen.ts"
import { excerpt, trimmed } from "./text.ts"

/** `everything  mcp-servers/everything 2.0.0 · stdio · 2025-11-25 (legacy) · 13 tools` */
export const heading = (
  surveyed: Surveyed<unknown>,
  screen: Screen["Service"],
  what: SafeText.SafeText
): SafeText.SafeText => {
  const { config, error, session } = surveyed
  const who = session === undefined
    ? SafeText.format``
    : trimmed(SafeText.format`${excerpt(session.server.name)} ${excerpt(session.server.version)}`)
  const offers = error === undefined ? what : SafeText.format`${what} (incomplete)`
  const details = SafeText.join(
    [who, SafeText.line(transportOf(surveyed)), revision(surveyed), offers],
    SafeText.format` · `
  )
  return SafeText.format`${screen.out.bold(SafeText.line(config.name))}  ${screen.out.dim(details)}`
}

/** `2025-11-25 (legacy)` */
export const revision = ({ session }: Surveyed<unknown>): SafeText.SafeText =>
  session === undefined
    ? SafeText.format`-`
    : SafeText.format`${excerpt(session.server.protocolVersion)} (${SafeText.line(session.server.era)})`
