/**
 * Time limits of tests. A limit says that something hangs; how long anything takes is never what a test asserts.
 *
 * What a busy machine may turn into another outcome (a time-out of the product that the test is not about) is to be
 * `patience(…)` too, or as good as infinite.
 */

/** How much slower the machine was when the run began than two quiet cores; 1 or more. See `yardstick.ts`. */
export const slowness = Number(process.env["TEST_SLOWNESS"] ?? 1)

/** The milliseconds to wait at most, for what a quiet machine does within `milliseconds`. */
export const patience = (milliseconds: number): number => Math.ceil(milliseconds * slowness)
