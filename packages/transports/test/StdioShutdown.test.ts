/** After a scope closes nothing is left: counted with `ps`, whatever the server does. */
import { assert, describe, it } from "@effect/vitest"
import * as NodeTransports from "@universal-mcp/transports/NodeTransports"
import * as StdioTransport from "@universal-mcp/transports/StdioTransport"
import { Effect, Layer } from "effect"
import { patience } from "../../../test/patience.ts"
import { alive, filesystem, fixture, Log, mark, node, timed, withoutTime } from "./support.ts"

const quoted = (words: ReadonlyArray<string>) => words.map((word) => `'${word}'`).join(" ")

/** Connects, lists, closes; gives how long closing took. `command` makes the command of the fixture's. */
const closing = Effect.fnUntraced(function*(
  flags: ReadonlyArray<string>,
  command: (words: ReadonlyArray<string>) => Pick<StdioTransport.Options, "command" | "args">
) {
  const word = yield* mark
  const words = [node, fixture, `--mark=${word}`, ...flags]
  const scoped = Effect.scoped(Effect.gen(function*() {
    const session = yield* StdioTransport.make({ name: "fixture", gracePeriod: patience(400), ...command(words) })
    yield* session.callTool("echo", { message: "hello" })
    assert.isAtLeast(alive(word).length, 1)
  }))
  // The session is open until `scoped` ends, so that its time without what runs inside is that of closing.
  const [all] = yield* timed(scoped)
  assert.deepStrictEqual(alive(word), [])
  return all
})

const plain = ([command = "", ...args]: ReadonlyArray<string>) => ({ command, args })
const behindShell = (words: ReadonlyArray<string>) => ({ command: "sh", args: ["-c", `${quoted(words)}; true`] })

describe("closing a stdio server", () => {
  it.layer(Layer.mergeAll(NodeTransports.platform, Log.layer), { excludeTestServices: true })((it) => {
    it.effect("waits for no time when it is well-behaved", () =>
      Effect.gen(function*() {
        const word = yield* mark
        yield* Effect.scoped(Effect.gen(function*() {
          yield* StdioTransport.make({
            name: "files",
            command: node,
            args: [filesystem, import.meta.dirname, "--", word]
          })
          assert.isAtLeast(alive(word).length, 1)
        }))
        assert.deepStrictEqual(alive(word), [])
      }).pipe(withoutTime))

    it.effect("closes its input first, and lets it finish", () =>
      Effect.gen(function*() {
        const log = yield* Log
        yield* closing([`--log=${log.path}`, "--name=polite"], plain)
        assert.deepStrictEqual(log.lines().filter((line) => line.endsWith("polite")), [
          "start polite",
          "initialized polite",
          "end polite"
        ])
      }))

    it.effect("sends SIGTERM to one that ignores the end of its input", () =>
      Effect.gen(function*() {
        const log = yield* Log
        yield* closing(["--ignore-eof", `--log=${log.path}`, "--name=deaf"], plain)
        assert.deepStrictEqual(log.lines().filter((line) => line.endsWith("deaf")).slice(-2), [
          "SIGTERM deaf",
          "end deaf"
        ])
      }))

    it.effect("reads standard error to the very end: one that is loud when it leaves can finish", () =>
      Effect.gen(function*() {
        const log = yield* Log
        yield* closing(["--ignore-eof", "--loud-end", `--log=${log.path}`, "--name=loud"], plain)
        assert.include(log.lines(), "cleaned up loud")
      }))

    it.effect("kills one that ignores SIGTERM too, within the two grace periods", () =>
      Effect.gen(function*() {
        assert.isBelow(yield* closing(["--ignore-eof", "--ignore-term"], plain), patience(4000))
      }))

    for (const flags of [[], ["--ignore-eof"], ["--ignore-eof", "--ignore-term"]]) {
      it.effect(`leaves nothing behind sh -c: ${flags.join(" ") || "well-behaved"}`, () => closing(flags, behindShell))
      it.effect(`leaves nothing behind npx: ${flags.join(" ") || "well-behaved"}`, () =>
        closing(flags, (words) => ({ command: "npx", args: ["-c", quoted(words)] })))
      it.effect(`leaves no grandchild that holds its stdout: ${flags.join(" ") || "well-behaved"}`, () =>
        closing(["--grandchild", ...flags], plain))
    }

    it.effect("leaves nothing when the handshake never comes", () =>
      Effect.gen(function*() {
        const word = yield* mark
        const error = yield* StdioTransport.make({
          name: "mute",
          command: node,
          args: [fixture, "--mute", "--ignore-eof", "--ignore-term", "--grandchild", `--mark=${word}`],
          timeout: "500 millis",
          gracePeriod: "200 millis"
        }).pipe(Effect.scoped, Effect.flip)
        assert.strictEqual(error._tag, "ConnectionError")
        assert.deepStrictEqual(alive(word), [])
      }))

    it.effect("leaves nothing when connecting is interrupted", () =>
      Effect.gen(function*() {
        const word = yield* mark
        const log = yield* Log
        yield* StdioTransport.make({
          name: "mute",
          command: node,
          args: [fixture, "--mute", `--mark=${word}`, `--log=${log.path}`, "--name=interrupted"]
        }).pipe(Effect.scoped, Effect.raceFirst(log.until("start interrupted")))
        assert.deepStrictEqual(alive(word), [])
      }))
  })
})
