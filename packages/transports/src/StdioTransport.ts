/**
 * A server that is a process, reached over its standard input and output.
 *
 * The process leads a group of its own. When the scope closes, its input is closed; if it does not leave within the
 * grace period (2 s), the whole group gets SIGTERM, and after another one SIGKILL: also behind `npx` and `sh -c`,
 * nothing is left of the group. It is started once, or twice if it is one of those that end when asked which revisions
 * they speak.
 *
 * A server that leaves by itself with exit code 0 may leave processes that are in a session of their own: a daemon that
 * it started on purpose. One that crashed, or that needed a signal, had no chance to tidy up: on Linux, everything that
 * has inherited `UNIVERSAL_MCP_WATCHDOG` from its environment then gets SIGTERM, and after the grace period SIGKILL, such
 * as a browser that was started detached. What clears its environment and is in a session of its own is not found.
 * `descendants` changes this per server: `none`, `group` or `all`.
 *
 * When our own process dies and nothing can be closed (SIGKILL, `process.exit`, an uncaught exception, a signal that
 * nobody handles), a watchdog ends the server, its group and what bears its mark: one small `sh` for all servers, which
 * costs the first a few milliseconds of starting. There is none on Windows. `docs/platforms.md` says what holds where.
 * Specification: Transports, stdio; Lifecycle, Shutdown.
 *
 * ```ts no-run
 * import * as McpSession from "@universal-mcp/core/McpSession"
 * import * as NodeStdioTransport from "@universal-mcp/transports/NodeStdioTransport"
 * import * as StdioTransport from "@universal-mcp/transports/StdioTransport"
 * import { Effect, Layer } from "effect"
 *
 * const Files = StdioTransport.layer({
 *   name: "files",
 *   command: "npx",
 *   args: ["-y", "@modelcontextprotocol/server-filesystem", "."]
 * }).pipe(Layer.provide(NodeStdioTransport.platform))
 *
 * const program = McpSession.McpSession.use((session) => session.callTool("list_directory", { path: "." })).pipe(
 *   Effect.provide(Files)
 * )
 * ```
 *
 * @since 0.1.0
 */
import type { ConnectionError } from "@universal-mcp/core/McpError"
import * as McpSession from "@universal-mcp/core/McpSession"
import * as ServerConfig from "@universal-mcp/core/ServerConfig"
import type * as ConfigProvider from "effect/ConfigProvider"
import type * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type { ChildProcessSpawner } from "effect/process/ChildProcessSpawner"
import type * as Scope from "effect/Scope"
import * as connecting from "./internal/connecting.ts"
import * as environment from "./internal/environment.ts"
import * as processTransport from "./internal/processTransport.ts"

/**
 * `command` is looked up in PATH and run without a shell, with `args` as they are.
 *
 * The process inherits only HOME, LOGNAME, PATH, SHELL, TERM and USER (on Windows: APPDATA, PATH, SYSTEMROOT, TEMP and
 * the like); everything else it needs goes into `env`, which wins.
 *
 * @category models
 * @since 0.1.0
 */
export type Options = Omit<ServerConfig.StdioServerConfig, "transport">

/**
 * Where the inherited part of a server's environment comes from. Default: the environment of this process, whatever
 * `ConfigProvider` the program uses.
 *
 * @category references
 * @since 0.1.0
 */
export const Environment: Context.Reference<ConfigProvider.ConfigProvider> = environment.Environment

/**
 * Starts the process and shakes hands. Fails with phase `spawn` when it cannot be started, and with its exit code and
 * last lines of standard error when it leaves.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = (
  options: Options
): Effect.Effect<McpSession.McpSession["Service"], ConnectionError, ChildProcessSpawner | Scope.Scope> =>
  Effect.suspend(() => {
    const common = connecting.common(options)
    return McpSession.make(processTransport.make(options, processTransport.noNoise(), common.redact), {
      ...common,
      transport: "stdio",
      timeout: options.timeout ?? "60 seconds",
      cacheKey: cacheKeyOf(options)
    })
  })

/**
 * A session with a server that is a process.
 *
 * @category layers
 * @since 0.1.0
 */
export const layer = (options: Options): Layer.Layer<McpSession.McpSession, ConnectionError, ChildProcessSpawner> =>
  Layer.effect(McpSession.McpSession, make(options))

// ---------------------------------------------------------------------------------------------------------------------
// Internal
// ---------------------------------------------------------------------------------------------------------------------

const cacheKeyOf = (options: Options): string => {
  const { args = [], command, cwd = "." } = options
  const shown = ServerConfig.hideSecrets({ ...options, transport: "stdio" })
  return connecting.cacheKey(
    shown.transport === "stdio" ? ["stdio", shown.command, shown.args ?? [], shown.cwd ?? "."] : [],
    ["stdio", command, args.map(ServerConfig.reveal), cwd]
  )
}
