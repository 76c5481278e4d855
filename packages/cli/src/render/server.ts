/** A server as the heading of what it offers. */
import { type Surveyed, transportOf } from "../internal/survey.ts"
import type { Screen } from "./Screen.ts"
import { safeLine } from "./text.ts"

/** `everything  mcp-servers/everything 2.0.0 · stdio · 2025-11-25 (legacy) · 13 tools` */
export const heading = (surveyed: Surveyed<unknown>, screen: Screen["Service"], what: string): string => {
  const { config, error, session } = surveyed
  const who = session === undefined ? "" : `${session.server.name} ${session.server.version}`.trim()
  const details = [who, transportOf(surveyed), revision(surveyed), error === undefined ? what : `${what} (incomplete)`]
    .map(safeLine)
  return `${screen.out.bold(safeLine(config.name))}  ${screen.out.dim(details.join(" · "))}`
}

/** `2025-11-25 (legacy)` */
export const revision = ({ session }: Surveyed<unknown>): string =>
  session === undefined ? "-" : `${session.server.protocolVersion} (${session.server.era})`
