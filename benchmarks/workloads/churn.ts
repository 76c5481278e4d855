/** Connect, call, close, over and over: what grows, and what is left. */
import { args, type Connect, type Target } from "../clients/client.ts"
import { collect, cpuSince, type Sample } from "./sample.ts"

export interface Options {
  readonly target: Target
  readonly cycles: number
}

export const measure = async (connect: Connect, { cycles, target }: Options): Promise<Sample> => {
  const heap = async () => {
    await collect()
    return process.memoryUsage().heapUsed / 1024
  }
  const warm = cycles / 5
  let before = 0
  let cpu = process.cpuUsage()
  let began = performance.now()
  for (let cycle = 0; cycle < cycles; cycle++) {
    if (cycle === warm) {
      before = await heap()
      cpu = process.cpuUsage()
      began = performance.now()
    }
    const connection = await connect(target)
    await connection.call("echo", args)
    await connection.close()
  }
  const used = cpuSince(cpu)
  const wall = performance.now() - began
  const growth = await heap() - before
  const left = process.getActiveResourcesInfo()
  const count = (...names: ReadonlyArray<string>) => left.filter((name) => names.includes(name)).length
  return {
    wall: wall / (cycles - warm),
    cpu: used / 1000 / (cycles - warm),
    growth: growth * 1024 / (cycles - warm),
    processes: count("ProcessWrap"),
    sockets: count("TCPSocketWrap", "TLSWrap")
  }
}
