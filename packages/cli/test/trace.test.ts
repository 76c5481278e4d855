import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { createServer, type IncomingHttpHeaders } from "node:http"
import type { Socket } from "node:net"
import { patience } from "../../../test/patience.ts"
import { configured, server, start, stdio, umcp } from "./support.ts"

const dead = { command: process.execPath, args: ["-e", "process.exit(7)"] }

const withoutTimes = (text: string): ReadonlyArray<string> =>
  text.trimEnd().split("\n").map((line) => line.replace(/ {2}\d+(\.\d)? m?s/, "  T"))

describe("umcp --trace", () => {
  it.live("prints what was done as a tree, to stderr, and leaves the result alone", () =>
    Effect.gen(function*() {
      const { code, stderr, stdout } = yield* umcp(["call", "echo", ...stdio, "message=s3cr3t", "--trace", "--json"])
      assert.strictEqual(code, 0)
      assert.strictEqual(JSON.parse(stdout).content[0].text, "s3cr3t")
      assert.deepStrictEqual(withoutTimes(stderr), [
        "umcp  T",
        "  ServerRegistry.addServer  T",
        "    initialize  T",
        "  tools/list  T",
        "  tools/call echo  T",
        "  closing  T",
        "    ServerRegistry.removeServer  T"
      ])
    }))

  it.live("also when the command has failed, with what failed, and whose it is where there are several", () =>
    Effect.gen(function*() {
      const cwd = yield* configured({ one: server(), dead })
      const { stderr } = yield* umcp(["list", "--trace"], { cwd })
      const lines = withoutTimes(stderr)
      const tree = lines.slice(lines.indexOf("umcp  T"))
      assert.includeMembers([...tree], ["    initialize (one)  T", "  tools/list (one)  T"])
      const failed = "ConnectionError: no connection: negotiate (exit code 7)"
      assert.includeMembers([...tree], [
        `    initialize (dead)  T  ${failed}`,
        `  ServerRegistry.addServer (dead)  T  ${failed}`
      ])
      const alone = yield* umcp(["call", "dead.x", "--trace", "--json"], { cwd })
      assert.strictEqual(alone.code, 4)
      const [error = "", ...rest] = alone.stderr.trimEnd().split("\n")
      assert.strictEqual(JSON.parse(error).error.tag, "ConnectionError")
      assert.match(rest[0] ?? "", /^umcp {2}/)
    }))

  it.live("nothing without it", () =>
    Effect.gen(function*() {
      const { stderr } = yield* umcp(["call", "echo", ...stdio, "message=hi"])
      assert.strictEqual(stderr, "")
    }))
})

interface Received {
  readonly path: string
  readonly headers: IncomingHttpHeaders
  readonly body: string
}

/** A collector for OpenTelemetry; a mute one answers nothing. */
const collector = (isMute = false) =>
  Effect.map(
    Effect.acquireRelease(
      Effect.callback<{ readonly received: Array<Received>; readonly port: number; readonly close: () => void }>(
        (resume) => {
          const received: Array<Received> = []
          const sockets = new Set<Socket>()
          const listening = createServer((request, response) => {
            let body = ""
            request.setEncoding("utf8").on("data", (chunk) => body += chunk)
            request.on("end", () => {
              received.push({ path: request.url ?? "", headers: request.headers, body })
              if (!isMute) response.setHeader("content-type", "application/json").end("{}")
            })
          })
          listening.on("connection", (socket) => sockets.add(socket))
          listening.listen(0, "127.0.0.1", () => {
            const address = listening.address()
            const port = typeof address === "object" && address !== null ? address.port : 0
            const close = () => {
              listening.close()
              sockets.forEach((socket) => socket.destroy())
            }
            resume(Effect.succeed({ received, port, close }))
          })
        }
      ),
      ({ close }) => Effect.sync(close)
    ),
    ({ close, port, received }) => ({
      close,
      received,
      endpoint: `http://127.0.0.1:${port}`,
      at: (path: string) => received.filter((one) => one.path === path)
    })
  )

const spansOf = (requests: ReadonlyArray<Received>): ReadonlyArray<Record<string, unknown>> =>
  requests.flatMap(({ body }) => JSON.parse(body).resourceSpans[0].scopeSpans[0].spans)

const attributesOf = (attributes: unknown): Record<string, unknown> =>
  Array.isArray(attributes)
    ? Object.fromEntries(attributes.map(({ key, value }) => [key, Object.values(value)[0]]))
    : {}

describe("OpenTelemetry's environment variables", () => {
  it.live("export traces and metrics, all of them, before the command ends", () =>
    Effect.gen(function*() {
      const { at, endpoint, received } = yield* collector()
      const { code, stderr, stdout } = yield* umcp(["call", "echo", ...stdio, "message=s3cr3t"], {
        env: {
          OTEL_EXPORTER_OTLP_ENDPOINT: endpoint,
          OTEL_EXPORTER_OTLP_HEADERS: "x-key=abc",
          OTEL_RESOURCE_ATTRIBUTES: "deployment.environment=test"
        }
      })
      assert.deepStrictEqual({ code, stderr, stdout }, { code: 0, stderr: "", stdout: "s3cr3t\n" })
      const traces = at("/v1/traces")
      const spans = spansOf(traces)
      assert.sameMembers(spans.map(({ name }) => name), [
        "umcp",
        "ServerRegistry.addServer",
        "initialize",
        "tools/list",
        "tools/call echo"
      ])
      assert.lengthOf(new Set(spans.map(({ traceId }) => traceId)), 1)
      const call = spans.find(({ name }) => name === "tools/call echo")
      assert.deepInclude(attributesOf(call?.["attributes"]), {
        "mcp.method.name": "tools/call",
        "gen_ai.tool.name": "echo",
        "network.transport": "pipe"
      })
      const { resourceSpans: [{ resource }] } = JSON.parse(traces[0]?.body ?? "")
      assert.deepInclude(attributesOf(resource.attributes), {
        "service.name": "umcp",
        "deployment.environment": "test"
      })
      assert.strictEqual(traces[0]?.headers["x-key"], "abc")
      const metrics = at("/v1/metrics").map(({ body }) => body).join("")
      for (const name of ["mcp.client.operation.duration", "mcp.client.in_flight"]) assert.include(metrics, name)
      assert.notInclude(JSON.stringify(received), "s3cr3t")
    }))

  it.live("also when the command fails", () =>
    Effect.gen(function*() {
      const cwd = yield* configured({ dead })
      const { at, endpoint } = yield* collector()
      const { code } = yield* umcp(["call", "dead.x"], {
        cwd,
        env: { OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: `${endpoint}/traces`, OTEL_SERVICE_NAME: "mine" }
      })
      assert.strictEqual(code, 4)
      const connecting = spansOf(at("/traces")).find(({ name }) => name === "initialize")
      assert.deepInclude(attributesOf(connecting?.["attributes"]), { "error.type": "ConnectionError" })
      assert.include(at("/traces")[0]?.body, "\"mine\"")
      assert.lengthOf(at("/v1/metrics"), 0)
    }))

  it.live("switch it off, as a whole or a part", () =>
    Effect.gen(function*() {
      const { endpoint, received } = yield* collector()
      const call = ["call", "echo", ...stdio, "message=hi"]
      yield* umcp(call, { env: { OTEL_EXPORTER_OTLP_ENDPOINT: endpoint, OTEL_SDK_DISABLED: "true" } })
      assert.lengthOf(received, 0)
      yield* umcp(call, { env: { OTEL_EXPORTER_OTLP_ENDPOINT: endpoint, OTEL_TRACES_EXPORTER: "none" } })
      assert.deepStrictEqual(received.map(({ path }) => path), ["/v1/metrics"])
    }))

  it.live("with protobuf where that is asked for", () =>
    Effect.gen(function*() {
      const { at, endpoint } = yield* collector()
      yield* umcp(["call", "echo", ...stdio, "message=hi"], {
        env: { OTEL_EXPORTER_OTLP_ENDPOINT: endpoint, OTEL_EXPORTER_OTLP_PROTOCOL: "http/protobuf" }
      })
      assert.strictEqual(at("/v1/traces")[0]?.headers["content-type"], "application/x-protobuf")
    }))

  it.live("a collector that is not there, or says nothing, neither holds the command up nor makes noise", () =>
    Effect.gen(function*() {
      const gone = yield* collector()
      gone.close()
      const mute = yield* collector(true)
      for (const { endpoint } of [gone, mute]) {
        const { child, ended } = yield* start(["call", "echo", ...stdio, "message=hi"], {
          env: { OTEL_EXPORTER_OTLP_ENDPOINT: endpoint }
        })
        yield* Effect.callback<void>((resume) => {
          child.stdout.once("data", () => resume(Effect.void))
        })
        // The server's own end takes some of the time.
        const { code, stderr, stdout } = yield* Effect.timeout(ended, patience(4000))
        assert.deepStrictEqual({ code, stderr, stdout }, { code: 0, stderr: "", stdout: "hi\n" })
      }
      assert.isNotEmpty(mute.received)
    }))

  it.live("that make no sense are told once, and the command goes on", () =>
    Effect.gen(function*() {
      const { code, stderr, stdout } = yield* umcp(["call", "echo", ...stdio, "message=hi"], {
        env: { OTEL_EXPORTER_OTLP_ENDPOINT: "not a url" }
      })
      assert.deepStrictEqual({ code, stdout }, { code: 0, stdout: "hi\n" })
      assert.match(stderr, /^warning: nothing is exported to OpenTelemetry: .*\n$/)
    }))
})
