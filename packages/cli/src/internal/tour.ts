/** What `umcp demo` does, loaded for it alone. */
import * as SafeText from "@universal-mcp/core/SafeText"
import * as ServerConfig from "@universal-mcp/core/ServerConfig"
import * as ServerRegistry from "@universal-mcp/core/ServerRegistry"
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Stream from "effect/Stream"
import { lastResult } from "../commands/call.ts"
import { Progress } from "../render/Progress.ts"
import { result as renderResult } from "../render/result.ts"
import { Screen } from "../render/Screen.ts"
import { signature } from "../render/signature.ts"
import { table } from "../render/table.ts"
import { linesOf, plural, trimmed, truncate } from "../render/text.ts"
import { Tour } from "../render/Tour.ts"
import { demoServers } from "./demoServers.ts"
import * as Registry from "./registry.ts"

export const tour = Effect.gen(function*() {
  const progress = yield* Progress
  const tour = yield* Tour
  yield* tour.title(
    SafeText.format`Universal MCP: one client for every MCP server`,
    SafeText.format`Real servers, started for this tour; offline, and nothing stays behind.`
  )
  yield* progress.show(SafeText.format`starting the bundled HTTP servers`)
  const { configs, folder } = yield* demoServers
  yield* walk(configs, folder).pipe(Effect.provide(Registry.layer))
  yield* tour.end(SafeText.format`That was it. Try it on a server of yours: umcp list --stdio "<command>"`)
}).pipe(Effect.scoped, Effect.provide(Tour.layer))

const walk = Effect.fnUntraced(function*(configs: ReadonlyArray<ServerConfig.ServerConfig>, folder: string) {
  yield* connect(configs)
  yield* listTools
  yield* callTools(folder)
  yield* look
  yield* fail
  yield* shutDown
})

/** All at once: those that can be reached are up, and the one that cannot says why. */
const connect = Effect.fnUntraced(function*(configs: ReadonlyArray<ServerConfig.ServerConfig>) {
  const registry = yield* ServerRegistry.ServerRegistry
  const progress = yield* Progress
  const { out } = yield* Screen
  const tour = yield* Tour
  yield* tour.step(
    SafeText.format`Connect to all at once; one dead server takes no other along`,
    SafeText.format`registry.addServers(configs)`
  )
  const watching = yield* registry.changes.pipe(
    Stream.runForEach((states) =>
      progress.show(
        SafeText.line(
          `connecting: ${[...states].map(([name, { _tag }]) => `${name} ${_tag.toLowerCase()}`).join(", ")}`
        )
      )
    ),
    Effect.forkChild({ startImmediately: true })
  )
  const { connected, failed } = yield* registry.addServers(configs)
  yield* Fiber.interrupt(watching)
  yield* progress.hide
  const rows = yield* Effect.forEach(
    connected,
    Effect.fnUntraced(function*(name) {
      const { server, transport } = yield* registry.session(name)
      return [
        out.green(SafeText.format`✓`),
        out.bold(SafeText.line(name)),
        SafeText.line(transport),
        SafeText.line(server.protocolVersion),
        SafeText.line(`${server.name} ${server.version}`)
      ]
    })
  )
  for (const line of table(rows)) yield* tour.line(line)
  for (const { error } of failed) {
    yield* tour.line(SafeText.format`${out.red(SafeText.format`✗`)}  ${SafeText.line(error.message)}`)
  }
})

const listTools = Effect.gen(function*() {
  const registry = yield* ServerRegistry.ServerRegistry
  const { out } = yield* Screen
  const tour = yield* Tour
  yield* tour.step(SafeText.format`List their tools`, SafeText.format`registry.listTools()`)
  const { tools } = yield* registry.listTools()
  for (const [name, listed] of Object.entries(tools)) {
    yield* tour.line(SafeText.format`${out.bold(SafeText.line(name))}  ${plural(listed.length, "tool")}`)
    for (const tool of listed.filter((tool) => shown[name]?.includes(tool.name))) {
      yield* tour.line(SafeText.format`  ${truncate(signature(tool), tour.width - 2)}`)
    }
  }
})

/** A few of their many tools. */
const shown: Readonly<Record<string, ReadonlyArray<string>>> = {
  everything: ["echo", "get-sum"],
  events: ["trigger-long-running-operation"],
  web: ["get-structured-content", "get-tiny-image"],
  files: ["read_text_file", "list_directory"]
}

const callTools = Effect.fnUntraced(function*(folder: string) {
  const registry = yield* ServerRegistry.ServerRegistry
  const tour = yield* Tour
  const calls = [
    ["text, over stdio", "everything", "echo", { message: "hello" }],
    ["structured, over HTTP", "web", "get-structured-content", { location: "New York" }],
    ["an image", "web", "get-tiny-image", {}],
    ["a file", "files", "read_text_file", { path: `${folder}/hello.txt` }],
    ["a tool error is a result", "files", "read_text_file", { path: "/etc/passwd" }]
  ] as const
  yield* tour.step(SafeText.format`Call tools`, SafeText.format`registry.callTool(server, tool, args)`)
  for (const [title, server, tool, args] of calls) {
    yield* tour.call(SafeText.line(title), server, tool, args)
    const result = yield* registry.callTool(server, tool, args)
    const text = tool === "get-structured-content" ? SafeText.json(result.structuredContent) : renderResult(result)
    for (const line of linesOf(trimmed(text))) yield* tour.answer(line, result.isError === true)
  }
  const long = { tool: "trigger-long-running-operation", args: { duration: 0.8, steps: 4 } }
  yield* tour.step(
    SafeText.format`Follow progress while a tool works`,
    SafeText.format`registry.callToolStream(server, tool, args)`
  )
  yield* tour.call(SafeText.format`over SSE`, "events", long.tool, long.args)
  const result = yield* lastResult(
    registry.callToolStream("events", long.tool, long.args),
    (event) =>
      event._tag === "Progress" ? tour.answer(SafeText.line(`${event.progress} of ${event.total}`), false) : Effect.void
  )
  yield* tour.answer(renderResult(result), false)
})

const look = Effect.gen(function*() {
  const registry = yield* ServerRegistry.ServerRegistry
  const tour = yield* Tour
  yield* tour.step(
    SafeText.format`Look at a server; secrets are hidden`,
    SafeText.format`registry.serverInfo("everything")`
  )
  const info = yield* registry.serverInfo("everything")
  const { config, server } = info
  const environment = config?.transport === "stdio"
    ? Object.entries(config.env ?? {}).map(([key, value]) => `${key}=${ServerConfig.reveal(value)}`)
    : []
  const rows = [
    ["state", info.state._tag],
    ["server", `${server.title ?? server.name} ${server.version}, protocol ${server.protocolVersion}`],
    ["can", Object.keys(server.capabilities).join(", ")],
    ["tools", String(info.tools.length)],
    ["connected", DateTime.formatIso(DateTime.makeUnsafe(info.connectedAt))],
    ["env", environment.join(" ")]
  ]
  for (const line of table(rows.map((row) => row.map(SafeText.line)))) yield* tour.line(line)
})

/** Failures are values with a tag: the compiler knows which there are. */
const fail = Effect.gen(function*() {
  const registry = yield* ServerRegistry.ServerRegistry
  const { out } = yield* Screen
  const tour = yield* Tour
  yield* tour.step(
    SafeText.format`A failure is a value with a type`,
    SafeText.format`Effect.catchTag("ServerNotFound", (error) => …)`
  )
  yield* registry.callTool("evrything", "echo", { message: "lost" }).pipe(
    Effect.asVoid,
    Effect.catchTag("ServerNotFound", (error) =>
      Effect.gen(function*() {
        yield* tour.line(SafeText.format`${out.red(SafeText.line(error._tag))}  ${SafeText.line(error.message)}`)
        yield* tour.line(out.dim(SafeText.format`error.closest is ${SafeText.json(error.closest)}`))
      }))
  )
})

/** What the registry reports while it closes, not what it should do. */
const shutDown = Effect.gen(function*() {
  const registry = yield* ServerRegistry.ServerRegistry
  const { out } = yield* Screen
  const tour = yield* Tour
  yield* tour.step(
    SafeText.format`Shut down: the last added closes first, and nothing is left`,
    SafeText.format`registry.disconnectAll  // or just let the scope close`
  )
  let open: ReadonlyArray<string> = yield* registry.listServers
  const added = open
  const closed: Array<string> = []
  const watching = yield* registry.changes.pipe(
    Stream.takeUntil((states) => {
      closed.push(...open.filter((name) => !states.has(name)))
      open = open.filter((name) => states.has(name))
      return open.length === 0
    }),
    Stream.runDrain,
    Effect.forkChild({ startImmediately: true })
  )
  yield* registry.disconnectAll
  yield* Fiber.join(watching)
  yield* tour.line(SafeText.format`added   ${SafeText.line(added.join(" → "))}`)
  yield* tour.line(SafeText.format`closed  ${out.green(SafeText.line(closed.join(" → ")))}`)
})
