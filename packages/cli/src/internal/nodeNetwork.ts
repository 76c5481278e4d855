/** `Network` on Node. */
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as dns from "node:dns"
import * as net from "node:net"
import * as tls from "node:tls"
import { type Certificate, Network, NetworkError } from "./network.ts"

export const layer = Layer.succeed(
  Network,
  Network.of({
    lookup: (host) =>
      Effect.callback((resume) => {
        dns.lookup(host, { all: true }, (error, found) =>
          resume(
            error === null
              ? Effect.succeed(found.map(({ address }) => address))
              : fail(error)
          ))
      }),
    connect: (host, port) =>
      opened<net.Socket, string>(
        () => net.connect({ host, port }),
        "connect",
        ({ remoteAddress = host }) => remoteAddress
      ),
    certificate: (host, port) =>
      opened(
        () =>
          tls.connect({
            host,
            port,
            // Only looked at: no word is exchanged with whoever has shown it.
            rejectUnauthorized: false,
            ...(net.isIP(host) === 0 ? { servername: host } : {})
          }),
        "secureConnect",
        read
      )
  })
)

const opened = <Socket extends net.Socket, A>(
  open: () => Socket,
  event: "connect" | "secureConnect",
  read: (socket: Socket) => A
): Effect.Effect<A, NetworkError> =>
  Effect.callback((resume) => {
    const socket = open()
    socket.once(event, () => {
      resume(Effect.succeed(read(socket)))
      socket.destroy()
    })
    socket.on("error", (error) => resume(fail(error)))
    return Effect.sync(() => socket.destroy())
  })

const fail = (error: NodeJS.ErrnoException): Effect.Effect<never, NetworkError> =>
  Effect.fail(new NetworkError({ code: codeOf(error) }))

/** Where several addresses were tried, the first tells. */
const codeOf = (error: NodeJS.ErrnoException): string => {
  const first: unknown = error instanceof AggregateError ? error.errors[0] : undefined
  return error.code ?? (first instanceof Error && "code" in first ? String(first.code) : error.message)
}

const read = (socket: tls.TLSSocket): Certificate => {
  const shown = socket.getPeerCertificate()
  // It is declared as an Error, and is a code.
  const problem: unknown = socket.authorizationError
  return {
    subject: nameOf(shown.subject),
    issuer: nameOf(shown.issuer),
    validFrom: Date.parse(shown.valid_from ?? ""),
    validTo: Date.parse(shown.valid_to ?? ""),
    names: shown.subjectaltname ?? "",
    protocol: socket.getProtocol() ?? "TLS",
    ...(socket.authorized || problem === null || problem === undefined
      ? {}
      : { problem: problem instanceof Error && "code" in problem ? String(problem.code) : String(problem) })
  }
}

const nameOf = (who: Partial<tls.Certificate> | undefined): string => {
  const name = who?.CN ?? who?.O ?? "nobody"
  return Array.isArray(name) ? name.join(", ") : name
}
