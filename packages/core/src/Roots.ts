/**
 * The folders that servers may work in.
 *
 * Provide the service to the layer of a session, and the session advertises it. It is advice to servers and keeps nobody
 * out.
 *
 * ```ts
 * import { McpServer } from "@modelcontextprotocol/server"
 * import * as McpSession from "@universal-mcp/core/McpSession"
 * import * as Roots from "@universal-mcp/core/Roots"
 * import * as InMemoryTransport from "@universal-mcp/transports/InMemoryTransport"
 * import { Effect, Layer, Path } from "effect"
 *
 * const server = new McpServer({ name: "demo", version: "1.0.0" })
 * server.registerTool("where", {}, async () => {
 *   const { roots } = await server.server.listRoots()
 *   return { content: [{ type: "text", text: roots.map((root) => root.uri).join(" ") }] }
 * })
 * const Work = Roots.layerOf(["/srv/work"]).pipe(Layer.provide(Path.layer))
 * const Demo = InMemoryTransport.layer({ name: "demo", server }).pipe(Layer.provide(Work))
 * const where = McpSession.McpSession.use((session) => session.callTool("where")).pipe(Effect.provide(Demo))
 * const { content } = await Effect.runPromise(where)
 * content // => [{ type: "text", text: "file:///srv/work" }]
 * ```
 *
 * Follows the chapter "Roots" of revisions 2024-11-05 to 2026-07-28, the last of which deprecates it.
 *
 * @since 0.1.0
 */
import type { Root } from "@modelcontextprotocol/client"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Path from "effect/Path"
import * as Stream from "effect/Stream"
import { ConfigError } from "./McpError.ts"

export type { Root } from "@modelcontextprotocol/client"

/**
 * Tells servers where they may work.
 *
 * @category services
 * @since 0.1.0
 */
export class Roots extends Context.Service<Roots, {
  /** A root's `uri` must be a `file://` URI. */
  readonly list: Effect.Effect<ReadonlyArray<Root>>
  /** An element whenever `list` has become another one; servers of the legacy era are told. */
  readonly changes: Stream.Stream<void>
}>()("@universal-mcp/core/Roots") {}

/**
 * The folders at these paths, which never change. A relative path starts at the working directory.
 *
 * @category layers
 * @since 0.1.0
 */
export const layerOf = (paths: ReadonlyArray<string>): Layer.Layer<Roots, ConfigError, Path.Path> =>
  Layer.effect(
    Roots,
    Effect.gen(function*() {
      const path = yield* Path.Path
      const roots = yield* Effect.forEach(paths, (found, index): Effect.Effect<Root, ConfigError> => {
        const absolute = path.resolve(found)
        const name = path.basename(absolute)
        return path.toFileUrl(absolute).pipe(
          Effect.map((url) => ({ uri: url.href, ...(name === "" ? {} : { name }) })),
          Effect.mapError(({ message }) =>
            new ConfigError({ path: `roots[${index}]`, found: JSON.stringify(found), allowed: [], hint: message })
          )
        )
      })
      return Roots.of({ list: Effect.succeed(roots), changes: Stream.empty })
    })
  )
