/** A transport as its maker sees it: what others only read, it writes. */
import type { McpTransport, TransportError } from "@universal-mcp/core/McpTransport"

export interface OwnTransport extends McpTransport {
  lost: TransportError | undefined
  sessionId: string | undefined
  onmessage: McpTransport["onmessage"] | undefined
}

/**
 * What a transport begins with. All that it ever has is there from the beginning, and there are no getters: V8 keeps other
 * objects as dictionaries, which take four times the memory.
 */
export const beginning = {
  lost: undefined,
  sessionId: undefined,
  onmessage: undefined,
  onclose: undefined,
  onerror: undefined,
  onstderr: undefined
} satisfies Partial<OwnTransport>
