/** The raw floor: what the wire and JSON cost without a client. Nothing is checked, cancelled or timed. */
import { Buffer } from "node:buffer"
import { spawn } from "node:child_process"
import { Agent } from "undici"
import type { Connect, Connection, Target } from "./client.ts"

type Message = { readonly [key: string]: unknown }

type Send = (message: string) => void

/** JSON-RPC over whatever sends text and takes messages. */
class Wire {
  readonly pending = new Map<number, (result: unknown) => void>()
  onProgress: (() => void) | undefined
  send: Send = () => {}
  private next = 0

  receive(text: string) {
    const message: Message = JSON.parse(text)
    const { id } = message
    if (typeof id !== "number") return this.onProgress?.()
    this.pending.get(id)?.(message["result"])
    this.pending.delete(id)
  }

  request(method: string, params: Readonly<Record<string, unknown>>): Promise<unknown> {
    const id = ++this.next
    return new Promise((resolve) => {
      this.pending.set(id, resolve)
      this.send(JSON.stringify({ jsonrpc: "2.0", id, method, params }))
    })
  }

  async connection(close: () => Promise<void>): Promise<Connection> {
    await this.request("initialize", {
      protocolVersion: "2025-11-25",
      capabilities: {},
      clientInfo: { name: "floor", version: "1.0.0" }
    })
    this.send("{\"jsonrpc\":\"2.0\",\"method\":\"notifications/initialized\"}")
    return {
      call: (name, args = {}) => this.request("tools/call", { name, arguments: args }),
      list: async () => {
        let count = 0
        let cursor: unknown
        do {
          const page = await this.request("tools/list", cursor === undefined ? {} : { cursor })
          if (typeof page !== "object" || page === null || !("tools" in page) || !Array.isArray(page.tools)) break
          count += page.tools.length
          cursor = "nextCursor" in page ? page.nextCursor : undefined
        } while (cursor !== undefined)
        return count
      },
      callWithProgress: (name, args, on) => {
        this.onProgress = on
        return this.request("tools/call", { name, arguments: args, _meta: { progressToken: 1 } })
      },
      close
    }
  }
}

/** Each chunk is looked at once. */
const lines = (on: (line: string) => void) => {
  let parts: Array<Buffer> = []
  return (chunk: Buffer) => {
    let from = 0
    for (let at = chunk.indexOf(10); at >= 0; at = chunk.indexOf(10, from)) {
      const last = chunk.subarray(from, at)
      on(parts.length === 0 ? last.toString() : Buffer.concat([...parts, last]).toString())
      parts = []
      from = at + 1
    }
    if (from < chunk.length) parts.push(from === 0 ? chunk : chunk.subarray(from))
  }
}

const stdio = ({ args, command }: Target & { readonly transport: "stdio" }) => {
  const wire = new Wire()
  const child = spawn(command, args, { stdio: ["pipe", "pipe", "ignore"] })
  child.stdout.on("data", lines((line) => wire.receive(line)))
  let out = ""
  // What is sent in one turn leaves in one write.
  wire.send = (message) => {
    if (out === "") {
      process.nextTick(() => {
        child.stdin.write(out)
        out = ""
      })
    }
    out += `${message}\n`
  }
  return wire.connection(() =>
    new Promise((resolve) => {
      child.on("close", () => resolve())
      child.stdin.end()
    })
  )
}

const agent = new Agent({ pipelining: 1 })

/** What it says of events is in one line each. */
const data = (on: (text: string) => void) =>
  lines((line) => {
    if (line.startsWith("data: ")) on(line.slice(6))
  })

const post = (
  { origin, pathname }: URL,
  headers: Readonly<Record<string, string>>,
  body: string,
  on: (text: string) => void
) => {
  let read: ((chunk: Buffer) => void) | undefined
  const parts: Array<Buffer> = []
  agent.dispatch({ origin, path: pathname, method: "POST", headers, body }, {
    onRequestStart: () => {},
    onResponseStart: (_controller, _status, responseHeaders) => {
      if (responseHeaders["content-type"] === "text/event-stream") read = data(on)
    },
    onResponseData: (_controller, chunk) => {
      if (read === undefined) parts.push(chunk)
      else read(chunk)
    },
    onResponseEnd: () => {
      if (parts.length > 0) on((parts.length === 1 ? parts[0] : Buffer.concat(parts))?.toString() ?? "")
    },
    onResponseError: (_controller, error) => {
      throw error
    }
  })
}

const json = { "content-type": "application/json", "accept": "application/json, text/event-stream" }

const http = ({ url }: { readonly url: string }) => {
  const wire = new Wire()
  const target = new URL(url)
  wire.send = (message) => post(target, json, message, (text) => wire.receive(text))
  return wire.connection(() => Promise.resolve())
}

const sse = async ({ url }: { readonly url: string }) => {
  const wire = new Wire()
  const target = new URL(url)
  const controller = new AbortController()
  const { body } = await agent.request({
    origin: target.origin,
    path: target.pathname,
    method: "GET",
    headers: { accept: "text/event-stream" },
    signal: controller.signal
  })
  let endpoint: URL | undefined
  const connected = new Promise<void>((resolve) => {
    body.on("error", () => {})
    body.on(
      "data",
      data((text) => {
        if (endpoint !== undefined) return wire.receive(text)
        endpoint = new URL(text, url)
        resolve()
      })
    )
  })
  await connected
  wire.send = (message) => {
    if (endpoint !== undefined) post(endpoint, json, message, () => {})
  }
  return wire.connection(async () => controller.abort())
}

export const connect: Connect = (target) =>
  target.transport === "stdio" ? stdio(target) : target.transport === "http" ? http(target) : sse(target)
