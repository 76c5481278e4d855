/** The longest message taken from a server unless its configuration says otherwise, in bytes: 32 MiB. */
export const maxMessageSize = 32 * 1024 * 1024
