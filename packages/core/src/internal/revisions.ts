/** The protocol's revisions, newest first. */

/** Sessions begin with `initialize`. */
export const legacy = ["2025-11-25", "2025-06-18", "2025-03-26", "2024-11-05", "2024-10-07"] as const

/** Every request says for itself what the session would; `server/discover` comes first. */
export const modern = ["2026-07-28"] as const
