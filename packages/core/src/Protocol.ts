/**
 * The protocol's own types, as the official SDK declares them, under the names of the specification.
 *
 * @since 0.1.0
 */
export type {
  Annotations,
  BlobResourceContents,
  CallToolResult,
  CompleteRequestParams,
  CompleteResult,
  ContentBlock,
  GetPromptResult,
  Icon,
  Implementation,
  JSONRPCMessage,
  LoggingLevel,
  LoggingMessageNotificationParams,
  Progress,
  Prompt,
  PromptArgument,
  PromptMessage,
  PromptReference,
  ReadResourceResult,
  RequestId,
  Resource,
  ResourceTemplateReference,
  ResourceTemplateType as ResourceTemplate,
  ResourceUpdatedNotificationParams as ResourceUpdated,
  ServerCapabilities,
  TextResourceContents,
  Tool
} from "@modelcontextprotocol/client"
