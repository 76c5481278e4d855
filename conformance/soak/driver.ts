/** The process with the HTTP servers, as its parent sees it. */
import { Effect } from "effect"
import { fork } from "node:child_process"
import { fileURLToPath } from "node:url"
import type { Reply, Request } from "./farm.ts"

export type Farm = Effect.Success<typeof make>

export const make = Effect.gen(function*() {
  const child = yield* Effect.acquireRelease(
    Effect.sync(() =>
      fork(fileURLToPath(new URL("farm.ts", import.meta.url)), { stdio: ["ignore", "inherit", "inherit", "ipc"] })
    ),
    (child) =>
      Effect.callback<void>((resume) => {
        child.once("exit", () => resume(Effect.void))
        child.kill("SIGKILL")
      })
  )
  const waiting = new Map<number, (reply: Reply) => void>()
  let last = 0
  child.on("message", (reply: Reply) => {
    waiting.get(reply.id)?.(reply)
    waiting.delete(reply.id)
  })
  const ask = (request: Request): Effect.Effect<Reply> =>
    Effect.callback((resume) => {
      const id = ++last
      waiting.set(id, (reply) => resume(Effect.succeed(reply)))
      child.send({ id, ...request })
    })
  return { pid: child.pid, ask }
})
