/** Where a host is, by its name alone; no name is looked up. */

/** `loopback`: this machine. `private`: an address or a name of a local network. */
export type Network = "public" | "private" | "loopback"

/** Of the `hostname` of a URL: in lower case, an IPv6 address in brackets, an IPv4 address in four decimal parts. */
export const networkOf = (hostname: string): Network => {
  const host = withoutMapping(hostname.replace(/\.$/, ""))
  return isLoopbackHost(host) ? "loopback" : isPrivateHost(host) ? "private" : "public"
}

export const isLoopback = (hostname: string): boolean => networkOf(hostname) === "loopback"

// ---------------------------------------------------------------------------------------------------------------------
// Internal
// ---------------------------------------------------------------------------------------------------------------------

const isLoopbackHost = (host: string): boolean =>
  /^127\.\d+\.\d+\.\d+$/.test(host) || host === "[::1]" || /^(?:.+\.)?localhost$/.test(host)

const isPrivateHost = (host: string): boolean =>
  /^\d+\.\d+\.\d+\.\d+$/.test(host)
    ? /^(?:0|10|100\.(?:6[4-9]|[7-9]\d|1[01]\d|12[0-7])|169\.254|172\.(?:1[6-9]|2\d|3[01])|192\.168)\./.test(host)
    : host.startsWith("[")
    ? /^\[(?:::|f[cd]|fe[89ab])/.test(host)
    : !host.includes(".") || /\.(?:local|internal|lan|home\.arpa)$/.test(host)

/** An IPv4 address that is written as IPv6, `[::ffff:7f00:1]`, leads to the same host as `127.0.0.1`. */
const withoutMapping = (host: string): string => {
  const [, high, low] = /^\[::ffff:([\da-f]{1,4}):([\da-f]{1,4})\]$/.exec(host) ?? []
  return high === undefined || low === undefined
    ? host
    : [high, low].flatMap((part) => [parseInt(part, 16) >> 8, parseInt(part, 16) & 0xff]).join(".")
}
