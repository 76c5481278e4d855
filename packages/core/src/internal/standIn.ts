/**
 * On the modern era the SDK checks every result against the letter of the specification and refuses it as a whole. It
 * gets one that passes, with the server's own inside; what we ask of a result, our own schemas say.
 */
import type { PriorDiscovery, StandardSchemaV1 } from "@modelcontextprotocol/client"
import type { Negotiated } from "./negotiation.ts"

const key = "universal-mcp/result"

const cacheable = { ttlMs: 0, cacheScope: "private" }

const valid: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
  "tools/call": { content: [] },
  "tools/list": { tools: [], ...cacheable },
  "prompts/get": { messages: [] },
  "prompts/list": { prompts: [], ...cacheable },
  "resources/list": { resources: [], ...cacheable },
  "resources/templates/list": { resourceTemplates: [], ...cacheable },
  "resources/read": { contents: [], ...cacheable },
  "completion/complete": { completion: { values: [] } }
}

/** What the SDK gets in place of the result; one that asks for input is the SDK's to fulfil. */
export const wrap = (method: string, result: Readonly<Record<string, unknown>>): Record<string, unknown> =>
  result["resultType"] === "input_required"
    ? { ...result }
    : { resultType: "complete", ...valid[method], _meta: { [key]: result } }

/** A schema for the server's own result. */
export const unwrapping = <A>(schema: StandardSchemaV1<unknown, A>): StandardSchemaV1<unknown, A> => ({
  "~standard": {
    ...schema["~standard"],
    validate: (value, options) => schema["~standard"].validate(inside(value), options)
  }
})

/** What the SDK's client is told when it connects; what it is not told it cannot refuse. */
export const prior = ({ era, protocolVersion }: Negotiated): PriorDiscovery =>
  era === "legacy"
    ? { kind: "legacy" }
    : {
      kind: "modern",
      discover: {
        resultType: "complete",
        ttlMs: 0,
        cacheScope: "private",
        supportedVersions: [protocolVersion],
        capabilities: {}
      }
    }

/** The answer that the SDK's own `initialize` gets. */
export const initializeResult = ({ protocolVersion }: Negotiated): Record<string, unknown> => ({
  protocolVersion,
  capabilities: {},
  serverInfo: { name: "server", version: "0" }
})

const inside = (value: unknown): unknown => property(property(value, "_meta"), key) ?? value

const property = (value: unknown, name: string): unknown =>
  typeof value === "object" && value !== null ? Reflect.get(value, name) : undefined
