/**
 * Which servers are reached without the proxy, as the variable `NO_PROXY` says.
 *
 * The variable is a list with commas or spaces. Each entry is a host with its subdomains (`example.com` or
 * `.example.com`), its subdomains alone (`*.example.com`), an address (`10.1.2.3`, `::1`, `[::1]`), a network (`10.0.0.0/8`,
 * `fd00::/8`), a pattern (`127.*`), or `*` for all; each may end with a port (`example.com:8080`, `[::1]:443`).
 * Upper and lower case are the same. Names are not looked up: a network matches only addresses in the URL.
 *
 * When to use: to know what `NodeTransports` does, or to do the same with an `HttpClient` of your own. The module is public
 * because the doctor of `@universal-mcp/cli` needs it too, and no package sees the internals of another.
 *
 * @since 0.1.0
 */
import { BlockList, isIP } from "node:net"

/**
 * Whether the list exempts the URL from the proxy.
 *
 * ```ts
 * import * as NoProxy from "@universal-mcp/transports/NoProxy"
 *
 * const list = "localhost, 10.0.0.0/8, *.internal:8080"
 * NoProxy.matches(list, new URL("http://10.1.2.3/mcp")) // => true
 * NoProxy.matches(list, new URL("http://a.internal:8080/mcp")) // => true
 * NoProxy.matches(list, new URL("https://example.com/mcp")) // => false
 * ```
 *
 * @category matching
 * @since 0.1.0
 */
export const matches = (list: string, { hostname, port, protocol }: URL): boolean => {
  const host = plain(hostname)
  const ownPort = port === "" ? protocol === "https:" ? "443" : "80" : port
  return list.split(/[,\s]+/).some((entry) => {
    if (entry === "") return false
    const { name, port } = split(entry)
    return (port === undefined || Number(port) === Number(ownPort)) && isMeant(name, host)
  })
}

// ---------------------------------------------------------------------------------------------------------------------
// Internal
// ---------------------------------------------------------------------------------------------------------------------

/** In lower case, without the brackets of an IPv6 address and the dot at the end of a name. */
const plain = (name: string): string => name.toLowerCase().replace(/^\[(.*)\]/, "$1").replace(/(.)\.$/, "$1")

/** An IPv6 address with a port has brackets; without them, all colons belong to the address. */
const split = (entry: string): { readonly name: string; readonly port: string | undefined } => {
  const [, name = entry, port] = /^(\[[^\]]*\](?:\/\d+)?|[^:]*):(\d+)$/.exec(entry) ?? []
  return { name: plain(name), port }
}

const isMeant = (name: string, host: string): boolean => {
  const family = isIP(host)
  if (isIP(name.replace(/\/\d+$/, "")) !== 0) return family !== 0 && isInNetwork(name, host)
  if (name.includes("*")) return fits(name, host)
  const domain = name.replace(/^\./, "")
  return domain !== "" && (host === domain || family === 0 && host.endsWith(`.${domain}`))
}

const isInNetwork = (name: string, host: string): boolean => {
  const [address = "", bits] = name.split("/")
  const network = new BlockList()
  const family = familyOf(address)
  const longest = family === "ipv4" ? 32 : 128
  const length = bits === undefined ? longest : Number(bits)
  if (length > longest) return false
  network.addSubnet(address, length, family)
  return network.check(host, familyOf(host))
}

const familyOf = (address: string): "ipv4" | "ipv6" => isIP(address) === 4 ? "ipv4" : "ipv6"

/** Also `10.*.*.*`; `*` stands for anything, dots included. */
const fits = (pattern: string, host: string): boolean => {
  const [first = "", ...others] = pattern.split("*")
  const last = others.pop() ?? ""
  let at = first.length
  if (!host.startsWith(first)) return false
  for (const part of others) {
    const found = host.indexOf(part, at)
    if (found === -1) return false
    at = found + part.length
  }
  return host.length - last.length >= at && host.endsWith(last)
}
