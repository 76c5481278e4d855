/** The proxy that the environment names for a URL, by the rules of `NodeTransports`. */
import * as NoProxy from "@universal-mcp/transports/NoProxy"
import * as Config from "effect/Config"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"

export interface Proxy {
  /** The variable that names it. */
  readonly variable: string
  readonly host: string
  readonly port: number
  /** Node asks it only where `NODE_USE_ENV_PROXY` is 1. */
  readonly isUsed: boolean
}

/** Nothing where there is none, or `NO_PROXY` exempts the host. */
export const proxyFor = Effect.fnUntraced(function*(url: URL): Effect.fn.Return<Proxy | undefined> {
  const found = url.protocol === "https:"
    ? yield* first(["https_proxy", "HTTPS_PROXY", "http_proxy", "HTTP_PROXY"])
    : yield* first(["http_proxy", "HTTP_PROXY"])
  if (found === undefined) return undefined
  const proxy = URL.parse(found.value) ?? URL.parse(`http://${found.value}`)
  const exempt = yield* first(["no_proxy", "NO_PROXY"])
  if (proxy === null || NoProxy.matches(exempt?.value ?? "", url)) return undefined
  return {
    variable: found.name,
    host: hostOf(proxy),
    port: portOf(proxy),
    isUsed: (yield* variable("NODE_USE_ENV_PROXY")) === "1"
  }
})

/** Without the brackets of an IPv6 address. */
export const hostOf = ({ hostname }: URL): string => hostname.replace(/^\[(.*)\]$/, "$1")

export const portOf = ({ port, protocol }: URL): number => port === "" ? protocol === "https:" ? 443 : 80 : Number(port)

export const variable = (name: string): Effect.Effect<string | undefined> =>
  Config.option(Config.String(name)).pipe(
    Effect.map(Option.getOrUndefined),
    Effect.orElseSucceed(() => undefined)
  )

const first = Effect.fnUntraced(function*(names: ReadonlyArray<string>) {
  for (const name of names) {
    const value = yield* variable(name)
    if (value !== undefined && value !== "") return { name, value }
  }
  return undefined
})
