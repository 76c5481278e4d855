// Preloaded into a process that is measured whole: as it ends it writes what it has used.
const { writeFileSync } = require("node:fs")
process.on("exit", () => {
  const { maxRSS, systemCPUTime, userCPUTime } = process.resourceUsage()
  writeFileSync(
    `${process.env.BENCH_USAGE}/${process.pid}`,
    JSON.stringify({ cpu: userCPUTime + systemCPUTime, peak: maxRSS })
  )
})
