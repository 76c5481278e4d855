/** Whatever a server says, and wherever: no command prints what drives a terminal or is not seen. */
import { NodeChildProcessSpawner, NodeFileSystem, NodePath } from "@effect/platform-node"
import { assert, describe, it } from "@effect/vitest"
import { ConfigProvider, Console, Effect, Layer, Sink, Stdio, Terminal } from "effect"
import * as UserDirectories from "effect/persistence/UserDirectories"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { hostile, typeable } from "../../../test/hostile.ts"
import * as Cli from "../src/Cli.ts"
import * as Sessions from "../src/internal/sessions.ts"
import { configured, umcp } from "./support.ts"
import { unsafeIn } from "./unsafe.ts"

const script = fileURLToPath(new URL("./fixtures/hostileServer.ts", import.meta.url))

/** A server that harms by what it says, and one whose configuration does. */
const servers = {
  evil: { command: process.execPath, args: [script] },
  dead: { command: `/nonexistent/${hostile}`, args: [hostile] }
}

/** Commands, and the exit code of each. */
const commands: ReadonlyArray<readonly [code: number, args: ReadonlyArray<string>]> = [
  [0, ["list"]],
  [0, ["list", "evil"]],
  [0, ["list", "evil.blocks"]],
  [0, ["list", "evil.undeclared"]],
  [2, ["list", `evil.${typeable}`]],
  [0, ["resources"]],
  [0, ["prompts"]],
  [0, ["prompt", "evil.p", `${typeable}=x`]],
  [2, ["prompt", "evil.p", "other=x"]],
  [0, ["prompt", `evil.${typeable}`]],
  [0, ["complete", "evil.p", `${typeable}=x`]],
  [2, ["complete", "evil", "--template", `x://{${typeable}}`, "other=x"]],
  [0, ["servers"]],
  [4, ["doctor"]],
  [0, ["doctor", "evil"]],
  [0, ["config", "list"]],
  [0, ["call", "evil.blocks"]],
  [0, ["call", "evil.structured"]],
  [5, ["call", "evil.undeclared"]],
  [1, ["call", "evil.fails", "--trace"]],
  [5, ["call", "evil.refused", "--trace"]],
  [5, ["call", "evil.page"]],
  [5, ["call", "evil.wrong"]],
  [2, ["call", "evil.blocks", "a=1"]],
  [0, ["call", `evil.${typeable}`, "--trace"]],
  [2, ["call", "evil.blocks", typeable]],
  [2, ["call", `${typeable}.tool`]],
  [2, ["list", "--config", typeable]],
  [2, [typeable]],
  [2, ["list", `--${typeable}`]]
]

describe.each(commands)("exit code %i of umcp %j", (expected, args) => {
  it.live("prints only what can be seen, into a pipe", () =>
    Effect.gen(function*() {
      const cwd = yield* configured(servers)
      const runs = [[], ["--json"]].map((json) => umcp([...args, ...json], { cwd }))
      for (const { code, stderr, stdout } of yield* Effect.all(runs, { concurrency: "unbounded" })) {
        assert.strictEqual(code, expected)
        assert.deepStrictEqual(unsafeIn(stdout + stderr), [])
      }
    }))

  it.live("prints only what can be seen, on a terminal", () =>
    Effect.gen(function*() {
      const config = ["--config", join(yield* configured(servers), "mcp.json")]
      const { code, text } = yield* onTerminal(args.includes("--config") ? args : [...args, ...config])
      assert.strictEqual(code, expected)
      assert.deepStrictEqual(unsafeIn(text), [])
    }))
})

describe("umcp read", () => {
  const stdio = ["--stdio", `'${process.execPath}' '${script}'`]

  it.live("is safe on a terminal, and gives a pipe what the server sent", () =>
    Effect.gen(function*() {
      const { code, text } = yield* onTerminal(["read", "x://1", ...stdio])
      assert.strictEqual(code, 0)
      assert.deepStrictEqual(unsafeIn(text), [])
      const { stdout } = yield* umcp(["read", "x://1", ...stdio])
      assert.include(stdout, hostile.toWellFormed())
    }))
})

describe("what is not shown as it is", () => {
  it.live("is named of each tool in a list, and in the details", () =>
    Effect.gen(function*() {
      const cwd = yield* configured({ evil: servers.evil })
      const list = yield* umcp(["list"], { cwd })
      assert.match(
        list.stdout,
        /warning: hidden characters in the title, description, input schema, annotations: \\u001b \\/
      )
      assert.match(list.stdout, /warning: hidden characters in the name, /)
      const one = yield* umcp(["list", "evil.blocks"], { cwd })
      assert.match(one.stdout, /warning: hidden characters in the title, description, .* and \d+ more/)
      assert.notMatch(one.stdout, /warning: hidden characters in the name, /)
    }))
})

/** Runs the command in this process, where both outputs say that they are a terminal. */
const onTerminal = (args: ReadonlyArray<string>) =>
  Effect.gen(function*() {
    let text = ""
    const write = (...parts: ReadonlyArray<unknown>) => {
      text += `${parts.map(String).join(" ")}\n`
    }
    const stream = () => Sink.forEach((chunk: unknown) => Effect.sync(() => text += String(chunk)))
    const yes = Effect.succeed(true)
    const platform = Layer.mergeAll(
      Stdio.layerTest({
        args: Effect.succeed(args),
        stdoutIsTerminal: yes,
        stderrIsTerminal: yes,
        stdout: stream,
        stderr: stream
      }),
      Layer.succeed(
        Terminal.Terminal,
        Terminal.make({
          columns: Effect.succeed(80),
          rows: Effect.succeed(24),
          size: Effect.never,
          readInput: Effect.never,
          readLine: Effect.never,
          display: () => Effect.die("only a form asks")
        })
      ),
      UserDirectories.layer,
      Layer.provideMerge(NodeChildProcessSpawner.layer, Layer.merge(NodeFileSystem.layer, NodePath.layer)),
      ConfigProvider.layer(
        ConfigProvider.fromUnknown({ TERM: "xterm", HOME: "/nonexistent", PATH: process.env["PATH"] ?? "" })
      )
    )
    const code = yield* Cli.run.pipe(
      Effect.provide(Layer.provideMerge(Sessions.layer, platform)),
      Effect.provideService(Console.Console, { ...console, log: write, error: write })
    )
    return { code, text }
  })
