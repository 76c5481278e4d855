/** How a server at a URL is reached: its host has an address, listens, is trusted, answers and lets us in. */
import type { ConnectionError } from "@universal-mcp/core/McpError"
import * as AutoTransport from "@universal-mcp/transports/AutoTransport"
import * as SseTransport from "@universal-mcp/transports/SseTransport"
import * as StreamableHttpTransport from "@universal-mcp/transports/StreamableHttpTransport"
import * as Clock from "effect/Clock"
import * as DateTime from "effect/DateTime"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as HttpClient from "effect/http/HttpClient"
import type { Finding, StepName } from "./checkup.ts"
import type { Look, Shown, Way } from "./doctor.ts"
import { whatItAsksFor } from "./doctorAuth.ts"
import { type Connect, type HttpServerConfig, whatWorks } from "./doctorTransport.ts"
import { type Certificate, Network, NetworkError } from "./network.ts"
import { hostOf, portOf, type Proxy, proxyFor } from "./proxy.ts"

export const make = Effect.fnUntraced(function*(
  config: HttpServerConfig
): Effect.fn.Return<Way, never, HttpClient.HttpClient | Network> {
  const client = yield* HttpClient.HttpClient
  const network = yield* Network
  const url = new URL(config.url)
  const proxy = yield* proxyFor(url)
  const observed = observe(client)
  const isSecure = url.protocol === "https:"
  const { host, port } = proxy?.isUsed === true ? proxy : { host: hostOf(url), port: portOf(url) }
  const isAuthorized = url.username !== "" || Object.keys(config.headers ?? {}).some(isAuthorization)
  const failing = (error: NetworkError, what: string): Look => ({
    isFine: false,
    ...ofProxy(proxy, `${error.code}: ${what}`),
    ...(proxy?.isUsed === true ? { detail: `the proxy ${host}:${port} cannot be reached (${error.code})` } : {})
  })
  return {
    steps: ["dns", "tcp", ...(isSecure ? ["tls" as const] : []), "http", "auth"],
    probes: [
      {
        step: "dns",
        look: within(network.lookup(host)).pipe(Effect.match({
          onFailure: (error) => failing(error, `looking up ${host}`),
          onSuccess: (addresses): Look => ({ isFine: true, detail: [...new Set(addresses)].join(", ") })
        }))
      },
      {
        step: "tcp",
        look: within(network.connect(host, port)).pipe(Effect.match({
          onFailure: (error) => failing(error, `connecting to ${host}, port ${port}`),
          onSuccess: (address): Look => ({ isFine: true, ...ofProxy(proxy), detail: `${address} port ${port}` })
        }))
      },
      // What the proxy lets through is not for us to look at, and with `tls` the session alone knows whom to trust.
      ...(isSecure && proxy?.isUsed !== true && config.tls === undefined
        ? [{
          step: "tls" as const,
          look: Effect.flatMap(
            Clock.currentTimeMillis,
            (now) =>
              within(network.certificate(host, port)).pipe(Effect.match({
                onFailure: (error) => failing(error, `shaking hands with ${host}`),
                onSuccess: (shown) => judge(shown, now)
              }))
          )
        }]
        : [])
    ],
    connect: Effect.provideService(connect(config), HttpClient.HttpClient, observed.client),
    shown: (step) => {
      if (step === "http") return observed.shown()
      if (step !== "auth") return undefined
      return { milliseconds: 0, detail: isAuthorized ? "the credentials were accepted" : "none asked for" }
    },
    blame: (error, looks) => blame(error, looks, url, proxy, observed.hasAnswered()),
    investigate: (error, step) => {
      if (step === "auth") {
        return Effect.provideService(whatItAsksFor(error, url, isAuthorized), HttpClient.HttpClient, client)
      }
      if (step !== "http" && step !== "negotiation") return Effect.succeed({})
      if (observed.hasAnswered()) {
        return Effect.provideService(whatWorks(config, error, connect), HttpClient.HttpClient, client)
      }
      return isSecure || proxy?.isUsed === true ? Effect.succeed({}) : speaksTls(network.certificate(host, port))
    }
  }
})

const connect: Connect = (config) => {
  switch (config.transport) {
    case "sse":
      return SseTransport.make(config)
    case "streamable-http":
      return StreamableHttpTransport.make(config)
    case undefined:
      return AutoTransport.make(config)
  }
}

const isAuthorization = (name: string): boolean => name.toLowerCase() === "authorization"

const within = <A>(effect: Effect.Effect<A, NetworkError>): Effect.Effect<A, NetworkError> =>
  Effect.timeoutOrElse(effect, {
    duration: "5 seconds",
    orElse: () => Effect.fail(new NetworkError({ code: "no answer within 5 s" }))
  })

const blame = (
  { phase }: ConnectionError,
  looks: ReadonlyMap<StepName, Look>,
  { protocol }: URL,
  proxy: Proxy | undefined,
  hasAnswered: boolean
): StepName => {
  const isSecure = protocol === "https:"
  switch (phase) {
    case "config":
      return "configuration"
    case "dns":
    case "auth":
    case "list":
      return phase
    case "connect":
      if (looks.get("dns")?.isFine === false) return "dns"
      if (looks.get("tcp")?.isFine !== true) return "tcp"
      // The proxy was reached, and goes no further.
      return isSecure && proxy?.isUsed === true ? "tls" : "http"
    case "tls":
      return isSecure ? "tls" : "http"
    case "negotiate":
      return hasAnswered ? "negotiation" : "http"
    default:
      return "http"
  }
}

const speaksTls = (certificate: Effect.Effect<Certificate, NetworkError>): Effect.Effect<Finding> =>
  Effect.match(within(certificate), {
    onFailure: () => ({}),
    onSuccess: ({ protocol }) => ({
      evidence: [`tried TLS on this port: it answers with ${protocol}`],
      hint: "write https:// in the URL"
    })
  })

/** What was seen, and what the proxy has to do with it. */
const ofProxy = (proxy: Proxy | undefined, seen?: string): Finding => {
  const evidence = seen === undefined ? [] : [seen]
  if (proxy === undefined) return { evidence }
  const named = `${proxy.variable} names the proxy ${proxy.host}:${proxy.port}`
  if (!proxy.isUsed) {
    return {
      evidence: [...evidence, `${named}; it is not asked, because NODE_USE_ENV_PROXY is not 1`],
      ...(seen === undefined ? {} : { hint: "set NODE_USE_ENV_PROXY=1 if the server is reached through the proxy" })
    }
  }
  return {
    evidence: [...evidence, `${named}, and it is asked, because NODE_USE_ENV_PROXY is 1`],
    ...(seen === undefined
      ? {}
      : { hint: `correct ${proxy.variable}, or exempt the host with NO_PROXY` })
  }
}

// ---------------------------------------------------------------------------------------------------------------------
// Certificate
// ---------------------------------------------------------------------------------------------------------------------

const day = 86_400_000

const judge = (shown: Certificate, now: number): Look => {
  const { issuer, names, problem, protocol, subject, validFrom, validTo } = shown
  if (problem === undefined) {
    return {
      isFine: true,
      detail: `${protocol}, issued by ${issuer}, valid until ${date(validTo)}`,
      ...(validTo - now < 14 * day ? { evidence: ["the certificate expires within two weeks"] } : {})
    }
  }
  return {
    isFine: false,
    evidence: [
      `certificate: for ${subject}, issued by ${issuer}${issuer === subject ? " (by itself)" : ""}`,
      `valid: ${date(validFrom)} to ${date(validTo)}${validTo < now ? `, expired ${ago(now - validTo)} ago` : ""}`,
      ...(names === "" ? [] : [`names: ${names}`]),
      `refused: ${problem}`
    ]
  }
}

const date = (milliseconds: number): string =>
  Number.isNaN(milliseconds) ? "?" : DateTime.formatIsoDateUtc(DateTime.makeUnsafe(milliseconds))

const ago = (milliseconds: number): string => {
  const days = Math.floor(milliseconds / day)
  return days === 0 ? "less than a day" : days === 1 ? "a day" : `${days} days`
}

// ---------------------------------------------------------------------------------------------------------------------
// Exchanges
// ---------------------------------------------------------------------------------------------------------------------

interface Exchange {
  readonly detail: string
  readonly status: number
  readonly milliseconds: number
}

/** A client that notes what is answered. */
const observe = (inner: HttpClient.HttpClient) => {
  const exchanges: Array<Exchange> = []
  const client = HttpClient.transform(inner, (effect, request) =>
    Effect.gen(function*() {
      const [took, response] = yield* Effect.timed(effect)
      const kind = response.headers["content-type"]?.split(";", 1)[0]?.trim()
      exchanges.push({
        detail: `${request.method} ${response.status}${kind === undefined ? "" : ` ${kind}`}`,
        status: response.status,
        milliseconds: Math.round(Duration.toMillis(took))
      })
      return response
    }))
  /** The first that was fine, else the last. */
  const shown = (): Shown | undefined =>
    exchanges.find(({ status }) => status >= 200 && status < 300) ?? exchanges.at(-1)
  return { client, shown, hasAnswered: () => exchanges.length > 0 }
}
