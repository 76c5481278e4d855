/**
 * The protocol's own types, as the official SDK declares them, under the names of the specification.
 *
 * @since 0.1.0
 */
export type {
  CallToolResult,
  ContentBlock,
  Implementation,
  JSONRPCMessage,
  LoggingLevel,
  LoggingMessageNotificationParams,
  Progress,
  RequestId,
  ServerCapabilities,
  Tool
} from "@modelcontextprotocol/client"
