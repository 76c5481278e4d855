/** A configuration that cannot work, as the error of whoever connects. */
import { Closed, type ConfigError } from "@universal-mcp/core/McpError"
import { TransportError } from "@universal-mcp/core/McpTransport"

export const error = (description: string, hint?: string): TransportError =>
  new TransportError({
    phase: "config",
    delivery: "not-sent",
    reason: new Closed({ description, stderr: [] }),
    ...(hint === undefined ? {} : { hint })
  })

export const fromConfigError = ({ hint, message }: ConfigError): TransportError => error(message, hint)
