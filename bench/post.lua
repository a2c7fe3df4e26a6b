-- What wrk sends and what it says at the end. Arguments: a file, whose bytes are posted, and how many requests a second
-- each thread may begin (0: as many as it can).

local ffi = require("ffi")
ffi.cdef("struct time { long s, ns; }; int clock_gettime(int clock, struct time *now);")
local MONOTONIC = 1

local function now_ms()
  local now = ffi.new("struct time")
  ffi.C.clock_gettime(MONOTONIC, now)
  return tonumber(now.s) * 1e3 + tonumber(now.ns) / 1e6
end

function init(args)
  local file = assert(io.open(args[1], "rb"))
  wrk.method, wrk.body = "POST", file:read("*a")
  wrk.headers["content-type"] = "application/json"
  file:close()
  local per_s = tonumber(args[2])
  if per_s == 0 then return end
  local due_ms = now_ms()
  -- wrk asks before each request how many milliseconds to wait; a thread that is late catches up on the last second.
  function delay()
    due_ms = math.max(due_ms + 1e3 / per_s, now_ms() - 1e3)
    return math.max(0, due_ms - now_ms())
  end
end

function done(summary, latency)
  local errors = summary.errors
  print(string.format('\n{"requests": %d, "seconds": %f, "p50_ms": %f, "p99_ms": %f, "faults": %d}',
    summary.requests, summary.duration / 1e6, latency:percentile(50) / 1e3, latency:percentile(99) / 1e3,
    errors.connect + errors.read + errors.write + errors.status + errors.timeout))
end
