import * as NodeServices from "@effect/platform-node/NodeServices"
import { assert, describe, it } from "@effect/vitest"
import * as McpSession from "@universal-mcp/core/McpSession"
import * as StdioTransport from "@universal-mcp/transports/StdioTransport"
import { Effect, Fiber, Layer, Stream } from "effect"
import { everything, node } from "./support.ts"

const Everything = StdioTransport.layer({ name: "everything", command: node, args: [everything] }).pipe(
  Layer.provide(NodeServices.layer)
)

const onEverything = <A, E>(use: (session: McpSession.McpSession["Service"]) => Effect.Effect<A, E>) =>
  McpSession.McpSession.use(use).pipe(Effect.provide(Everything))

const uri = "demo://resource/dynamic/text/1"

/** The next log message of the server that speaks of `word`. */
const logged = (session: McpSession.McpSession["Service"], word: string) =>
  session.notifications.pipe(
    Stream.filter(({ method }) => method === "notifications/message"),
    Stream.map(({ params }) => String(params?.["data"])),
    Stream.filter((data) => data.includes(word)),
    Stream.runHead,
    Effect.flatMap(Effect.fromOption),
    Effect.orDie
  )

describe("server-everything over stdio", () => {
  it.live("resources and templates are listed and read", () =>
    onEverything((session) =>
      Effect.gen(function*() {
        const [first] = yield* session.listResources
        assert.match(String(first?.uri), /^demo:\/\/resource\/static\/document\//)
        const { contents: [document] } = yield* session.readResource(String(first?.uri))
        assert.strictEqual(document?.uri, first?.uri)
        assert.isAbove(document !== undefined && "text" in document ? document.text.length : 0, 0)
        assert.includeMembers((yield* session.listResourceTemplates).map(({ uriTemplate }) => uriTemplate), [
          "demo://resource/dynamic/text/{resourceId}",
          "demo://resource/dynamic/blob/{resourceId}"
        ])
        const { contents: [blob] } = yield* session.readResource("demo://resource/dynamic/blob/7")
        assert.include(
          Buffer.from(blob !== undefined && "blob" in blob ? blob.blob : "", "base64").toString(),
          "Resource 7"
        )
        const error = yield* Effect.flip(session.readResource("demo://nothing"))
        assert.strictEqual(error.reason._tag, "Rejected")
      })
    ))

  it.live("prompts are listed and got, and their arguments completed", () =>
    onEverything((session) =>
      Effect.gen(function*() {
        assert.includeMembers((yield* session.listPrompts).map(({ name }) => name), [
          "simple-prompt",
          "args-prompt",
          "completable-prompt"
        ])
        const { messages: [message] } = yield* session.getPrompt("completable-prompt", {
          department: "Sales",
          name: "Eve"
        })
        assert.deepStrictEqual(message, {
          role: "user",
          content: { type: "text", text: "Please promote Eve to the head of the Sales team." }
        })
        const { completion } = yield* session.complete({
          ref: { type: "ref/prompt", name: "completable-prompt" },
          argument: { name: "name", value: "F" },
          context: { arguments: { department: "Sales" } }
        })
        assert.deepStrictEqual(completion.values, ["Frank"])
      })
    ))

  it.live("a subscription tells of updates, and is taken back when its reader leaves", () =>
    onEverything((session) =>
      Effect.gen(function*() {
        const subscribed = yield* Effect.forkChild(logged(session, "Received Subscribe"), { startImmediately: true })
        const update = yield* Effect.forkChild(Stream.runHead(session.subscribe(uri)), { startImmediately: true })
        assert.include(yield* Fiber.join(subscribed), uri)
        const unsubscribed = yield* Effect.forkChild(logged(session, "Received Unsubscribe"), {
          startImmediately: true
        })
        yield* session.callTool("toggle-subscriber-updates")
        const told = yield* Fiber.join(update).pipe(Effect.flatMap(Effect.fromOption))
        assert.deepStrictEqual(told, { uri })
        assert.include(yield* Fiber.join(unsubscribed), uri)
      })
    ))

  it.live("the log level is the server's from then on", () =>
    onEverything((session) =>
      Effect.gen(function*() {
        const first = yield* Effect.forkChild(logged(session, "Received"), { startImmediately: true })
        yield* session.setLogLevel("error")
        yield* session.request("resources/subscribe", { uri: "demo://unheard" })
        yield* session.setLogLevel("info")
        yield* session.request("resources/subscribe", { uri: "demo://heard" })
        assert.include(yield* Fiber.join(first), "demo://heard")
        yield* session.ping
      })
    ))
})
