/** Plays a case: `server.ts <subject> <name> <log>`. On stdio, or on a port, whose URL it then writes to stdout. */
import { appendFileSync, readFileSync, writeSync } from "node:fs"
import { createInterface } from "node:readline"
import type { Case, Message, Stdio, StdioHandlers } from "./case.ts"

const [subject, name, log = ""] = process.argv.slice(2)
const { cases }: { readonly cases: ReadonlyArray<Case> } = await import(`./${subject}.ts`)

const still = new Int32Array(new SharedArrayBuffer(4))

const write = (text: string | Uint8Array, descriptor = 1) => {
  let rest = typeof text === "string" ? Buffer.from(text) : text
  while (rest.length > 0) {
    try {
      rest = rest.subarray(writeSync(descriptor, rest))
    } catch (error) {
      const code = error instanceof Error && "code" in error ? error.code : undefined
      if (code === "EPIPE") process.exit(0)
      // A case has closed it.
      if (code === "EBADF") return
      if (code !== "EAGAIN") throw error
      // Without the processor, which the client needs.
      Atomics.wait(still, 0, 0, 1)
    }
  }
}
const send = (message: object) => write(`${JSON.stringify({ jsonrpc: "2.0", ...message })}\n`)
const note = (line: string) => appendFileSync(log, `${line}\n`)

const usual: StdioHandlers = {
  "server/discover": ({ send }, { id }) => send({ id, error: { code: -32601, message: "Method not found" } }),
  "initialize": ({ send }, { id }) =>
    send({
      id,
      result: {
        protocolVersion: "2025-11-25",
        capabilities: { tools: {} },
        serverInfo: { name: "fixture", version: "1.0.0" }
      }
    }),
  "tools/list": ({ send }, { id }) =>
    send({ id, result: { tools: [{ name: "echo", inputSchema: { type: "object" } }] } }),
  "tools/call": ({ answer }, message) => answer(message),
  "ping": ({ send }, { id }) => send({ id, result: {} })
}

const play = (handlers: StdioHandlers) => {
  note("start")
  const server: Stdio = {
    write,
    send,
    answer: ({ id }, text = "done") => send({ id, result: { content: [{ type: "text", text }] } }),
    life: readFileSync(log, "utf8").split("\n").filter((line) => line === "start").length,
    mark: log
  }
  const all = { ...usual, ...handlers }
  if (handlers["SIGTERM"] !== undefined) process.on("SIGTERM", () => handlers["SIGTERM"]?.(server, {}))
  handlers["start"]?.(server, {})
  createInterface({ input: process.stdin })
    .on("line", (line) => {
      const message: Message = JSON.parse(line)
      const method = message.method ?? "answer"
      if (method !== "answer") note(method)
      all[method]?.(server, message)
    })
    .on("close", () => handlers["end"]?.(server, {}))
}

const one = cases.find((one) => one.name === name)
if (one === undefined) throw new Error(`there is no case ${subject} ${name}`)
if ("stdio" in one) play(one.stdio)
else {
  const { listen } = await import("./listen.ts")
  const { url } = await listen(one)
  write(`${url}\n`)
  process.stdin.resume().on("end", () => process.exit(0))
}
