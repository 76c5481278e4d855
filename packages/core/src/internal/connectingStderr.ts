/** Who hears a server's standard error before its session is there. */
import * as Context from "effect/Context"

export const ConnectingStderr = Context.Reference<((server: string, line: string) => void) | undefined>(
  "@universal-mcp/core/McpSession/ConnectingStderr",
  { defaultValue: () => undefined }
)
