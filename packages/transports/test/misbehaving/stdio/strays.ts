/** Servers that answer what is no request, under ids that name nothing. */
import type { Message, Stdio, StdioCase, StdioHandlers } from "../case.ts"

/** Longer than the client waits for the true answer once it suspects another to be meant for the call. */
const slow = 3000

const slowly = ({ answer }: Stdio, message: Message) => void setTimeout(() => answer(message), slow)

/** Answers each of these notifications, and the calls late. */
const answering = (stray: object, ...methods: ReadonlyArray<string>): StdioHandlers => ({
  "tools/call": slowly,
  ...Object.fromEntries(methods.map((method) => [method, ({ send }: Stdio) => send(stray)]))
})

/** Asks for a sign of life under this id before it answers a call, and refuses the answer to that. */
const pinging = (pingId: number | string, refusalId: number | string | null): StdioHandlers => ({
  "tools/call": (server, message) => {
    server.send({ id: pingId, method: "ping" })
    slowly(server, message)
  },
  "answer": ({ send }) => send({ id: refusalId, error: { code: -32601, message: "Method not found: undefined" } })
})

const done = { call: "done", ping: "pong" }

export const cases: ReadonlyArray<StdioCase> = [
  {
    name: "answers notifications with false for the id",
    stdio: answering({ id: false, result: {} }, "notifications/initialized"),
    expect: done
  },
  {
    name: "answers notifications with an error without an id",
    stdio: answering({ error: { code: -32601, message: "Method not found" } }, "notifications/initialized"),
    expect: done
  },
  {
    name: "answers notifications with -1 for the id",
    stdio: answering({ id: -1, error: { code: -32600, message: "Invalid Request" } }, "notifications/initialized"),
    expect: done
  },
  { name: "refuses our answer under its own id", stdio: pinging("p1", "p1"), expect: done },
  { name: "refuses our answer under the id null", stdio: pinging("p1", null), expect: done }
]
