/** A process with the HTTP servers of the soak, told by its parent what to do to them. */
import { type NodeIncomingMessageLike, toNodeHandler } from "@modelcontextprotocol/node"
import { createMcpHandler, McpServer } from "@modelcontextprotocol/server"
import { createServer, type IncomingMessage, type ServerResponse } from "node:http"
import type { Socket } from "node:net"
import * as z from "zod"
import { execute, type Message, type Notify, pause, respond } from "./server.ts"

export const httpKinds = ["stateful", "stateless", "modern", "sse"] as const

export type HttpKind = typeof httpKinds[number]

/**
 * `unavailable` and `late` answer the next requests with a status, before and after they were executed; `cut` ends the
 * connection within the next answers; `slow` delays them.
 */
export const httpFaults = ["destroy", "forget", "restart", "unavailable", "late", "cut", "slow"] as const

export type HttpFault = typeof httpFaults[number]

export type Request =
  | { readonly do: "open"; readonly life: number; readonly kind: HttpKind; readonly log: string }
  | { readonly do: "fault"; readonly life: number; readonly fault: HttpFault; readonly count: number }
  | { readonly do: "left" | "close"; readonly life: number }

export interface Reply {
  readonly id: number
  readonly port?: number
  readonly sockets?: number
  readonly sessions?: number
}

type Handle = (request: IncomingMessage, response: ServerResponse, body: string) => Promise<unknown>

interface Protocol {
  readonly handle: Handle
  readonly sessions: () => number
  readonly forget: () => void
}

const sse = (response: ServerResponse) => response.writeHead(200, { "Content-Type": "text/event-stream" })

const event = (message: unknown) => `event: message\ndata: ${JSON.stringify(message)}\n\n`

const streamable = (log: string, stateful: boolean): Protocol => {
  const sessions = new Map<string, ServerResponse | undefined>()
  let answers = 0
  return {
    sessions: () => sessions.size,
    forget: () => {
      for (const stream of sessions.values()) stream?.end()
      sessions.clear()
    },
    handle: async (request, response, body) => {
      const session = String(request.headers["mcp-session-id"])
      const isKnown = !stateful || sessions.has(session)
      if (request.method === "GET") {
        if (!stateful) return response.writeHead(405).end()
        if (!isKnown) return response.writeHead(404).end()
        sessions.set(session, response)
        return sse(response).flushHeaders()
      }
      if (request.method === "DELETE") return response.writeHead(sessions.delete(session) ? 200 : 404).end()
      const message = JSON.parse(body) as Message
      const isFirst = message.method === "initialize"
      if (!isKnown && !isFirst) return response.writeHead(404).end()
      if (message.id === undefined) return response.writeHead(202).end()
      const id = isFirst && stateful ? crypto.randomUUID() : undefined
      if (id !== undefined) {
        sessions.set(id, undefined)
        response.setHeader("Mcp-Session-Id", id)
      }
      // Sometimes a stream, sometimes plain.
      const streams = answers++ % 2 === 0
      const notify: Notify = (method, params) => {
        const text = event({ jsonrpc: "2.0", method, params })
        if (method === "notifications/resources/updated" || method.endsWith("list_changed")) {
          sessions.get(session)?.write(text)
        } else if (streams) response.write(text)
      }
      if (streams) sse(response)
      const answer = await respond(log, message, notify)
      if (streams) return response.end(event(answer))
      return response.writeHead(200, { "Content-Type": "application/json" }).end(JSON.stringify(answer))
    }
  }
}

const legacySse = (log: string): Protocol => {
  const streams = new Map<string, ServerResponse>()
  return {
    sessions: () => streams.size,
    forget: () => {
      for (const stream of streams.values()) stream.end()
      streams.clear()
    },
    handle: async (request, response, body) => {
      if (request.method === "GET") {
        const id = crypto.randomUUID()
        streams.set(id, response)
        response.on("close", () => streams.delete(id))
        return sse(response).write(`event: endpoint\ndata: /mcp?session=${id}\n\n`)
      }
      const stream = streams.get(String(request.url?.split("session=")[1]))
      if (stream === undefined) return response.writeHead(request.url?.includes("session=") ? 404 : 405).end()
      response.writeHead(202).end()
      const notify: Notify = (method, params) => stream.write(event({ jsonrpc: "2.0", method, params }))
      const answer = await respond(log, JSON.parse(body) as Message, notify)
      if (answer !== undefined) stream.write(event(answer))
    }
  }
}

const text = (text: string) => ({ content: [{ type: "text" as const, text }] })

const modern = (log: string): Protocol => {
  const handler = createMcpHandler(() => {
    const server = new McpServer({ name: "soak", version: "1.0.0" })
    const milliseconds = z.number().optional()
    server.registerTool("write", {
      inputSchema: z.object({ id: z.string(), before: milliseconds, after: milliseconds })
    }, async ({ after, before, id }) => {
      await pause(before)
      execute(log, id)
      await pause(after)
      return text(id)
    })
    server.registerTool("echo", {
      inputSchema: z.object({ size: z.number().optional(), after: milliseconds }),
      annotations: { readOnlyHint: true }
    }, async ({ after, size = 1 }) => {
      await pause(after)
      return text("x".repeat(size))
    })
    server.registerTool("refuse", {}, () => ({ ...text("no"), isError: true }))
    server.registerResource("one", "soak://1", {}, ({ href }) => ({ contents: [{ uri: href, text: "read" }] }))
    return server
  }, { legacy: "reject" })
  const node = toNodeHandler(handler)
  return {
    sessions: () => 0,
    forget: () => {},
    handle: (request, response, body) =>
      node(request as IncomingMessage & NodeIncomingMessageLike, response, body === "" ? undefined : JSON.parse(body))
  }
}

const protocols: Readonly<Record<HttpKind, (log: string) => Protocol>> = {
  stateful: (log) => streamable(log, true),
  stateless: (log) => streamable(log, false),
  modern,
  sse: legacySse
}

const bodyOf = async (request: IncomingMessage) => {
  let body = ""
  for await (const chunk of request) body += String(chunk)
  return body
}

const serve = (kind: HttpKind, log: string) => {
  const sockets = new Set<Socket>()
  const protocol = protocols[kind](log)
  const pending: Array<HttpFault> = []
  let port = 0
  const front = async (request: IncomingMessage, response: ServerResponse) => {
    const body = await bodyOf(request)
    const fault = request.method === "POST" ? pending.shift() : undefined
    if (fault === "unavailable") return response.writeHead(503, { "Retry-After": "0" }).end()
    if (fault === "slow") await pause(700)
    if (fault === "late") {
      const write = response.end.bind(response)
      response.writeHead = () => response
      response.write = () => true
      response.flushHeaders = () => {}
      response.end = () => {
        response.statusCode = 502
        response.removeHeader("Content-Type")
        return write()
      }
    }
    if (fault === "cut") {
      response.end = () => {
        response.flushHeaders()
        request.socket.destroy()
        return response
      }
    }
    await protocol.handle(request, response, body)
  }
  const start = () =>
    createServer((request, response) => {
      front(request, response).catch(() => response.destroy())
    }).on("connection", (socket) => {
      sockets.add(socket)
      socket.on("close", () => sockets.delete(socket))
    })
  let server = start()
  let restarting: NodeJS.Timeout | undefined
  const destroy = () => {
    for (const socket of sockets) socket.destroy()
  }
  const stop = () => {
    clearTimeout(restarting)
    server.close()
    destroy()
    protocol.forget()
  }
  const apply = (fault: HttpFault, count: number) => {
    switch (fault) {
      case "destroy":
        return destroy()
      case "forget":
        return protocol.forget()
      case "restart":
        stop()
        restarting = setTimeout(() => {
          server = start().listen(port, "127.0.0.1")
        }, 200)
        return
      default:
        for (let n = 0; n < count; n++) pending.push(fault)
    }
  }
  const listening = new Promise<number>((resolve) => {
    server.listen(0, "127.0.0.1", () => {
      const address = server.address()
      port = typeof address === "object" ? address?.port ?? 0 : 0
      resolve(port)
    })
  })
  return { listening, apply, stop, left: () => ({ sockets: sockets.size, sessions: protocol.sessions() }) }
}

const lives = new Map<number, ReturnType<typeof serve>>()

const perform = async (request: Request): Promise<Omit<Reply, "id">> => {
  if (request.do === "open") {
    const life = serve(request.kind, request.log)
    lives.set(request.life, life)
    return { port: await life.listening }
  }
  const life = lives.get(request.life)
  switch (request.do) {
    case "fault":
      life?.apply(request.fault, request.count)
      return {}
    case "left":
      return life?.left() ?? {}
    case "close":
      life?.stop()
      lives.delete(request.life)
      return {}
  }
}

// Imported for its types, too.
if (process.send !== undefined) {
  process.on("message", (message: Request & { readonly id: number }) => {
    void perform(message).then((reply) => process.send?.({ id: message.id, ...reply }))
  })
  process.on("disconnect", () => process.exit())
}
