/** The exit codes of `umcp`: only this module and the README know them. */

export const exitCodes = {
  done: 0,
  toolFailed: 1,
  usage: 2,
  unauthorized: 3,
  notConnected: 4,
  requestFailed: 5,
  /** As `sysexits.h` has it, like the next. */
  bug: 70,
  outputLost: 74,
  /** A signal is 128 and its number. */
  hungUp: 129,
  interrupted: 130,
  terminated: 143
} as const

export const inWords = "Exit codes: 0 done; 1 the tool answered with an error; 2 usage or configuration; " +
  "3 authorization needed; 4 cannot connect; 5 the request failed; 70 a bug in umcp; 74 the output could not be " +
  "written; 129, 130, 143 ended by SIGHUP, SIGINT, SIGTERM."
