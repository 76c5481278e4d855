/** The longest message taken from a server unless its configuration says otherwise, in bytes: 32 MiB. */
export const maxMessageSize = 32 * 1024 * 1024

/** How long one connection may take to be made, unless a longer `timeout` is given, in milliseconds. */
export const connectTimeout = 10_000
