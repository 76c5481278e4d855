import * as SafeText from "@universal-mcp/core/SafeText"
import * as ServerConfig from "@universal-mcp/core/ServerConfig"
import * as CommandLine from "effect/process/CommandLine"

/** The command line or URL behind a server, with secrets hidden. */
export const target = (config: ServerConfig.ServerConfig): SafeText.SafeText => {
  const shown = ServerConfig.hideSecrets(config)
  return SafeText.line(
    shown.transport === "stdio" ? CommandLine.display([shown.command, ...(shown.args ?? [])]) : shown.url
  )
}
