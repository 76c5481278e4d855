/** Runs `umcp`: in this process, where it costs little, or as a process of its own. Gives its exit code and what it printed. */
import * as NodeServices from "@effect/platform-node/NodeServices"
import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as UserDirectories from "effect/persistence/UserDirectories"
import * as Sink from "effect/Sink"
import * as Stdio from "effect/Stdio"
import * as Stream from "effect/Stream"
import { spawn } from "node:child_process"
import * as Cli from "../../src/Cli.ts"
import * as Sessions from "../../src/internal/sessions.ts"
import * as Terminal from "../../src/internal/terminal.ts"

export interface Printed {
  readonly code: number | null
  readonly output: string
}

/** Nobody types anything, so that forms are declined. */
export const inProcess = (args: ReadonlyArray<string>, terminal: boolean): Effect.Effect<Printed> =>
  Effect.suspend(() => {
    const printed: Array<string> = []
    const print = (...values: ReadonlyArray<unknown>) => void printed.push(values.join(" "))
    const console: Console.Console = Object.assign(Object.create(globalThis.console), { error: print, log: print })
    const sink = Sink.forEach((chunk: string | Uint8Array) => Effect.sync(() => print(chunk)))
    const stdio = Stdio.layerTest({
      args: Effect.succeed(args),
      stdin: Stream.empty,
      stdout: () => sink,
      stderr: () => sink,
      stdoutIsTerminal: Effect.succeed(terminal),
      stderrIsTerminal: Effect.succeed(terminal)
    })
    const size = Terminal.layer({ columns: Effect.succeed(80), rows: Effect.succeed(24) })
    const platform = Layer.mergeAll(stdio, size, UserDirectories.layer).pipe(Layer.provideMerge(NodeServices.layer))
    const run = Cli.run.pipe(
      Effect.provide(Layer.provideMerge(Sessions.layer, platform)),
      Effect.provideService(Console.Console, console),
      Effect.map((code) => ({ code, output: printed.join("\n") }))
    )
    // As a program of its own: layers are shared within one, and the command would close the servers of the fuzz.
    return Effect.promise((signal) => Effect.runPromise(run, { signal }))
  })

export const asProcess = (bin: string, args: ReadonlyArray<string>): Effect.Effect<Printed> =>
  Effect.callback<Printed>((resume) => {
    const child = spawn(process.execPath, [bin, ...args], {
      stdio: ["ignore", "pipe", "pipe"],
      env: { ...process.env, HOME: "/nonexistent" }
    })
    let output = ""
    child.stdout.setEncoding("utf8").on("data", (chunk) => output += chunk)
    child.stderr.setEncoding("utf8").on("data", (chunk) => output += chunk)
    child.on("close", (code) => resume(Effect.succeed({ code, output })))
    return Effect.sync(() => child.kill("SIGKILL"))
  })
