/** How long the event loop stands still, in processor time: what other processes take does not count. */

/**
 * The yardstick: what `JSON.parse` takes of a message of the size limit, 32 MiB. It begins small, so that the first parsing,
 * for which memory is fetched, does not count.
 */
export const yardstick = (): number => {
  const item = JSON.stringify({ type: "text", text: "x".repeat(80), annotations: { priority: 0.5 } })
  const text = `[${Array.from({ length: Math.floor(32 * 1024 * 1024 / (item.length + 1)) }, () => item).join(",")}]`
  const measure = () => {
    const before = process.threadCpuUsage()
    JSON.parse(text)
    const { system, user } = process.threadCpuUsage(before)
    return (system + user) / 1000
  }
  return Math.max(measure(), measure())
}

export interface Watch {
  /** The longest since it was asked last, in milliseconds. */
  readonly longest: () => number
  readonly stop: () => void
}

/** `onBlocked` is called once the loop goes on, after more than `limit` milliseconds. */
export const watch = (limit: number, onBlocked: (milliseconds: number) => void): Watch => {
  let longest = 0
  let at = performance.now()
  let used = process.threadCpuUsage()
  const look = () => {
    const now = performance.now()
    const cpu = process.threadCpuUsage()
    const blocked = Math.min(now - at, (cpu.user - used.user + cpu.system - used.system) / 1000)
    at = now
    used = cpu
    longest = Math.max(longest, blocked)
    if (blocked > limit) onBlocked(Math.round(blocked))
  }
  const timer = setInterval(look, 5)
  return {
    longest: () => {
      look()
      const was = longest
      longest = 0
      return Math.round(was)
    },
    stop: () => clearInterval(timer)
  }
}
