/** A transport that fails as a schedule says. */
import type { JSONRPCMessage, RequestId } from "@modelcontextprotocol/client"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as FiberSet from "effect/FiberSet"
import * as Result from "effect/Result"
import type * as Scope from "effect/Scope"
import type { Options } from "../Faults.ts"
import { Closed, SessionExpired } from "../McpError.ts"
import { failRequest, type McpTransport, TransportError } from "../McpTransport.ts"
import * as FaultSchedule from "./faultSchedule.ts"
import { text } from "./json.ts"

/** All connections to a server share its schedule. */
export const make = (options: Options) => {
  const schedules = new Map<string, FaultSchedule.FaultSchedule>()
  return (transport: McpTransport, server: string): Effect.Effect<McpTransport, never, Scope.Scope> => {
    const schedule = schedules.get(server) ?? FaultSchedule.make(options, server)
    schedules.set(server, schedule)
    return decorate(transport, schedule, options)
  }
}

// ---------------------------------------------------------------------------------------------------------------------
// Internal
// ---------------------------------------------------------------------------------------------------------------------

const decorate = Effect.fnUntraced(function*(
  inner: McpTransport,
  schedule: FaultSchedule.FaultSchedule,
  { delay, onFault }: Options
) {
  const run = yield* FiberSet.makeRuntime()
  const longest = Duration.toMillis(
    Duration.fromInputUnsafe((typeof delay === "object" ? delay.by : undefined) ?? "1 second")
  )
  /** The methods of the requests that are not answered yet, by who sent them. */
  const asked = { send: new Map<RequestId, string>(), receive: new Map<RequestId, string>() }
  let lost: TransportError | undefined
  let hasEnded = false
  let isMute = false

  const end = (description: string | undefined) => {
    if (hasEnded) return
    hasEnded = true
    lost = description === undefined ? inner.lost : closed(description, inner.stderrLines)
    transport.onclose?.()
  }

  const kill = () => inner.kill === undefined ? end("the server was killed (injected)") : inner.kill()

  const decide = (direction: "send" | "receive", message: JSONRPCMessage) => {
    const method = methodOf(message, asked[direction], asked[direction === "send" ? "receive" : "send"])
    const decision = schedule.next(direction, method, (fault) => {
      if (fault === "garbage") return direction === "receive"
      return fault !== "expire" || direction === "send" && isRequest(message) && !handshake.has(method)
    })
    if (decision === undefined) return undefined
    const { chance, ...hit } = decision
    // It runs where the transport delivers, which must not throw.
    const told = Result.try(() => onFault?.(hit))
    if (Result.isFailure(told)) transport.onerror?.(new Error(`onFault threw: ${text(told.failure)}`))
    return { fault: hit.fault, after: chance * longest }
  }

  const unlessMute = (effect: () => void) => {
    if (!hasEnded && !isMute) effect()
  }

  /** What cannot be sent fails the request, as the promise of its own `send` would have. */
  const sendLate = (message: JSONRPCMessage, send: () => Promise<void>) =>
    Effect.promise(() =>
      send().catch((cause) =>
        unlessMute(() => {
          if (isRequest(message) && cause instanceof TransportError) {
            transport.onmessage?.(failRequest(message.id, cause))
          }
        })
      )
    )

  /** The answer does not come any more, however quick it is. */
  const lastWords = (send: () => Promise<void>) => {
    isMute = true
    run(Effect.ignore(Effect.tryPromise(send)))
  }

  const receive = (message: JSONRPCMessage, deliver: (message: JSONRPCMessage) => void) => {
    // Made by the transport itself.
    if ("error" in message && message.error.data instanceof TransportError) return deliver(message)
    const decision = decide("receive", message)
    switch (decision?.fault) {
      case "kill":
        return kill()
      case "cut":
        return end("the connection was cut (injected)")
      case "hang":
        isMute = true
        return
      case "drop":
        return
      case "garbage":
        return deliver(garbageOf(message))
      case "duplicate":
        deliver(message)
        return unlessMute(() => deliver(message))
      case "delay":
        run(Effect.delay(Effect.sync(() => unlessMute(() => deliver(message))), decision.after))
        return
      default:
        return deliver(message)
    }
  }

  const transport: McpTransport = {
    kind: inner.kind,
    get lost() {
      return hasEnded ? lost : inner.lost
    },
    get stderrLines() {
      return inner.stderrLines ?? []
    },
    hintWhileSilent: () => inner.hintWhileSilent?.(),
    get onstderr() {
      return inner.onstderr
    },
    set onstderr(listener) {
      inner.onstderr = listener
    },
    get hasPerRequestStream() {
      return inner.hasPerRequestStream === true
    },
    get sessionId() {
      return inner.sessionId
    },
    ...(inner.abandon === undefined ? {} : { abandon: inner.abandon }),
    kill,
    setProtocolVersion: (version) => inner.setProtocolVersion?.(version),
    setSupportedProtocolVersions: (versions) => inner.setSupportedProtocolVersions?.(versions),
    start: () => {
      inner.onmessage = (message, extra) => {
        const one = (part: JSONRPCMessage) =>
          unlessMute(() => receive(part, (received) => transport.onmessage?.(received, extra)))
        if (Array.isArray(message)) message.forEach(one)
        else one(message)
      }
      inner.onerror = (error) => transport.onerror?.(error)
      inner.onclose = () => end(undefined)
      return inner.start()
    },
    close: () => inner.close(),
    send: async (message, options) => {
      if (lost !== undefined) return Promise.reject(lost)
      if (isMute) return
      const send = () => inner.send(message, options)
      const decision = decide("send", message)
      switch (decision?.fault) {
        case "kill":
          lastWords(send)
          return kill()
        case "cut":
          lastWords(send)
          return end("the connection was cut (injected)")
        case "hang":
          isMute = true
          return
        case "expire":
          return Promise.reject(expired)
        case "drop":
          return
        case "duplicate":
          run(Effect.ignore(Effect.tryPromise(send)))
          return send()
        case "delay":
          run(Effect.delay(sendLate(message, send), decision.after))
          return
        default:
          return send()
      }
    }
  }
  return transport
})

const handshake: ReadonlySet<string> = new Set(["initialize", "server/discover"])

const isRequest = (message: JSONRPCMessage) => "method" in message && "id" in message

/** Of an answer that of its request, which it takes off the list. */
const methodOf = (
  message: JSONRPCMessage,
  asked: Map<RequestId, string>,
  askedByOther: Map<RequestId, string>
): string => {
  if ("method" in message) {
    if ("id" in message) asked.set(message.id, message.method)
    return message.method
  }
  const { id } = message
  const method = id === undefined ? undefined : askedByOther.get(id)
  if (id !== undefined) askedByOther.delete(id)
  return method ?? "unknown"
}

/** Half a message. */
const garbageOf = (message: JSONRPCMessage): JSONRPCMessage => {
  const text = JSON.stringify(message)
  return JSON.parse(JSON.stringify(text.slice(0, text.length / 2)))
}

const closed = (description: string, stderr: ReadonlyArray<string> = []): TransportError =>
  new TransportError({
    phase: "connect",
    delivery: "unknown",
    reason: new Closed({ description, stderr: [...stderr] })
  })

const expired = new TransportError({
  phase: "http",
  delivery: "not-sent",
  status: 404,
  reason: new SessionExpired({ description: "the server no longer knows our session (injected)", isCertain: true })
})
