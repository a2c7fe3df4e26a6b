-- The chain, executed inside the gateway's Envoy: one filter for all pipelines.
--
-- A pipeline's route carries its chain as the filter's context, a text: a line `pipeline transport timeout_ms body_bytes`,
-- then one for each step, `service model timeout_ms retries`.
-- Every step before the last is a call; the last step is the route itself, which already names its cluster and path: the
-- filter only hands it the body, so its answer streams and a chain of one step is never buffered.
--
-- Refuses: a deadline that is no number, a declared length over the limit. Stops at the first step that fails and answers
-- with its status and a problem document that names it; a gRPC client gets a status of gRPC's, and the document's sentence
-- as its message. Retries, balancing and breakers are the clusters'.
--
-- One long file, because Envoy takes a filter's source as one text.

local LUA_STATE_KEY = "catenary.chain"
local TIMEOUT_MS = "x-catenary-timeout-ms"
local PIPELINE = "x-catenary-pipeline"
local STEP = "x-catenary-step"
local TRACE_ID = "x-trace-id"
local LOCAL_REPLY = "x-catenary-local-reply" -- on an answer that an Envoy made itself: why
local ANSWERED = "x-catenary-answered" -- on a request that this filter answered: its document is not to be wrapped again
local ENVOY_TIMEOUT_MS = "x-envoy-upstream-rq-timeout-ms"
local ENVOY_TRY_TIMEOUT_MS = "x-envoy-upstream-rq-per-try-timeout-ms"
local ENVOY_MAX_RETRIES = "x-envoy-max-retries"
local SERVICE_TIME = "x-envoy-upstream-service-time" -- absent exactly when this Envoy answered itself

local EXCERPT_BYTES = 2048 -- of a failing step's body, in the document
local QUOTE_BYTES = 200 -- of a failing step's plain text, in the sentence
local LOGGED_BYTES = 512 -- of a failure's sentence, in the gateway's line for the request
local READ_BYTES = 65536 -- an error body up to this declared length is read whole

-- Headers of the client that belong to its own connection or body, not to the calls made for it.
local NOT_FORWARDED = {
  ["accept"] = true, ["accept-encoding"] = true, ["connection"] = true, ["content-length"] = true, ["expect"] = true,
  ["host"] = true, ["keep-alive"] = true, ["te"] = true, ["transfer-encoding"] = true, ["upgrade"] = true,
}

-- A failing step's headers that its caller needs.
local PASSED_BACK = { "retry-after", "www-authenticate" }

local TITLES = {
  [400] = "Bad Request", [401] = "Unauthorized", [403] = "Forbidden", [404] = "Not Found", [405] = "Method Not Allowed",
  [408] = "Request Timeout", [409] = "Conflict", [413] = "Request Entity Too Large", [415] = "Unsupported Media Type",
  [422] = "Unprocessable Entity", [429] = "Too Many Requests", [500] = "Internal Server Error", [501] = "Not Implemented", [502] = "Bad Gateway",
  [503] = "Service Unavailable", [504] = "Gateway Timeout",
}

-- The status of gRPC's for one of HTTP's that this filter answers with itself; for any other it is INTERNAL.
local GRPC_STATUSES = { [400] = 3, [413] = 8, [429] = 8, [502] = 14, [503] = 14, [504] = 4 }
local GRPC_STATUS = "grpc-status"
local GRPC_MESSAGE = "grpc-message"
local GRPC_DEADLINE_EXCEEDED = "4"
local GRPC_UNITS_MS = { H = 3600000, M = 60000, S = 1000, m = 1, u = 0.001, n = 0.000001 }

-- JSON ------------------------------------------------------------------------------------------------------------------

local ESCAPES = { ['"'] = '\\"', ["\\"] = "\\\\", ["\n"] = "\\n", ["\r"] = "\\r", ["\t"] = "\\t" }

local function escape(character)
  return ESCAPES[character] or string.format("\\u%04x", character:byte())
end

-- The length of the UTF-8 sequence that begins at `i`, or nil: overlong forms, surrogates and cut ends are none.
local function utf8_length(text, i)
  local a, b, c, d = text:byte(i, i + 3)
  local function follows(byte) return byte ~= nil and byte >= 0x80 and byte <= 0xBF end
  if a >= 0xC2 and a <= 0xDF and follows(b) then return 2 end
  if not follows(b) or not follows(c) then return nil end
  if a >= 0xE0 and a <= 0xEF and not (a == 0xE0 and b < 0xA0) and not (a == 0xED and b > 0x9F) then return 3 end
  if a >= 0xF0 and a <= 0xF4 and follows(d) and not (a == 0xF0 and b < 0x90) and not (a == 0xF4 and b > 0x8F) then
    return 4
  end
  return nil
end

-- `text` with every byte that is not UTF-8 as U+FFFD.
local function valid_utf8(text)
  if not text:find("[\128-\255]") then return text end
  local parts, i = {}, 1
  while i <= #text do
    local plain = text:match("^[%z\1-\127]+", i)
    if plain then
      parts[#parts + 1] = plain
      i = i + #plain
    else
      local length = utf8_length(text, i)
      parts[#parts + 1] = length and text:sub(i, i + length - 1) or "\239\191\189"
      i = i + (length or 1)
    end
  end
  return table.concat(parts)
end

local function json_string(text)
  return '"' .. valid_utf8(text):gsub('[%c"\\\127]', escape) .. '"'
end

-- `members`: a list of { name, value }; strings and numbers are encoded, nils left out.
local function json_object(members)
  local parts = {}
  for _, member in ipairs(members) do
    local name, value = member[1], member[2]
    if type(value) == "string" then
      parts[#parts + 1] = json_string(name) .. ":" .. json_string(value)
    elseif value ~= nil then
      parts[#parts + 1] = string.format("%s:%d", json_string(name), value)
    end
  end
  return "{" .. table.concat(parts, ",") .. "}"
end

local UNESCAPES = { b = "\b", f = "\f", n = "\n", r = "\r", t = "\t" }

local function utf8_of(code)
  if code < 0x80 then return string.char(code) end
  if code < 0x800 then return string.char(0xC0 + math.floor(code / 64), 0x80 + code % 64) end
  return string.char(0xE0 + math.floor(code / 4096), 0x80 + math.floor(code / 64) % 64, 0x80 + code % 64)
end

-- A JSON string's content as text. What lies beyond the basic plane, two escapes, becomes U+FFFD when it is written again.
local function unescaped(text)
  text = text:gsub("\\u(%x%x%x%x)", function(hex) return utf8_of(tonumber(hex, 16)) end)
  return (text:gsub("\\([^u])", function(c) return UNESCAPES[c] or c end))
end

-- The string member `name` of a JSON object that a step answered as its error, cut to a bound; nil: there is none.
local function string_member(body, name)
  local _, start = body:find('"' .. name .. '"%s*:%s*"')
  if not start then return nil end
  local stop = start + 1
  while true do
    stop = body:find('["\\]', stop)
    if not stop then return nil end
    if body:byte(stop) == 34 then break end
    stop = stop + 2
  end
  return unescaped(body:sub(start + 1, math.min(stop - 1, start + EXCERPT_BYTES)))
end

local function number_member(body, name)
  local digits = body:match('"' .. name .. '"%s*:%s*(%d+)')
  return digits and #digits < 16 and tonumber(digits) or nil
end

-- gRPC ------------------------------------------------------------------------------------------------------------------

local function is_grpc(kind)
  return kind ~= nil and (kind == "application/grpc" or kind:sub(1, 17) == "application/grpc+")
end

local function percent_encoded(sentence)
  return (sentence:gsub("[^ -$&-~]", function(c) return string.format("%%%02X", c:byte()) end))
end

-- Time, trace, headers --------------------------------------------------------------------------------------------------

local function now_us(handle)
  return tonumber(handle:timestampString(EnvoyTimestampResolution.MICROSECOND))
end

local seeded = false

local function is_trace_id(id)
  return id ~= nil and (#id == 32 or #id == 16) and id:find("^%x+$") ~= nil and id:find("[^0]") ~= nil
end

-- A new trace context as W3C writes it, not sampled.
local function new_traceparent(handle)
  if not seeded then
    -- One state per worker thread: the clock and the address of a fresh table make each begin elsewhere.
    local address = tonumber(tostring({}):match("0x(%x+)") or "0", 16)
    math.randomseed((now_us(handle) * 31 + address) % 2 ^ 52)
    seeded = true
  end
  local r, most = math.random, 4294967295
  return string.format(
    "00-%08x%08x%08x%08x-%08x%08x-00", r(0, most), r(0, most), r(0, most), r(1, most), r(0, most), r(1, most)
  )
end

-- The id of Envoy's own trace where there is one; else that which came in (W3C, or B3 single or multi); else a new one,
-- which then goes with the request.
local function trace_of(handle)
  local headers = handle:headers()
  local traced = headers:get(TRACE_ID)
  if traced then
    headers:remove(TRACE_ID)
    return traced
  end
  local parent = headers:get("traceparent")
  local id = parent and parent:match("^%x%x%-(%x+)%-%x+%-%x%x")
  if is_trace_id(id) then return id end
  local single = headers:get("b3")
  id = single and single:match("^(%x+)%-%x+")
  if is_trace_id(id) then return id end
  id = headers:get("x-b3-traceid")
  if is_trace_id(id) then return id end
  local made = new_traceparent(handle)
  headers:replace("traceparent", made)
  return made:sub(4, 35)
end

-- The client's headers as the table that a call takes; pseudo headers and Envoy's own stay behind.
local function forwarded(handle)
  local copy = {}
  for name, value in pairs(handle:headers()) do
    if not NOT_FORWARDED[name] and name:byte() ~= 58 and name:sub(1, 8) ~= "x-envoy-" then
      local before = copy[name]
      if before == nil then
        copy[name] = value
      elseif type(before) == "table" then
        before[#before + 1] = value
      else
        copy[name] = { before, value }
      end
    end
  end
  copy[":method"] = "POST"
  copy["accept"] = "application/json"
  return copy
end

-- A step's entry in server-timing; `%f` where `duration_us` is not known yet.
local function timing(step, duration_us)
  local name = step.model:find("[/:]") and step.model:gsub("[/:]", "-") or step.model
  local dur = duration_us and string.format("%.3f", duration_us / 1000) or "%.3f"
  return name .. ";dur=" .. dur .. ';desc="' .. step.service .. '"'
end

-- Chains ----------------------------------------------------------------------------------------------------------------

-- Each that is in use, by its text; one that is not goes with the garbage.
local chains = setmetatable({}, { __mode = "v" })

local function parsed(text)
  local pipeline, transport, timeout_ms, body_bytes = text:match("^(%S+) (%S+) (%d+) (%d+)")
  local chain = { pipeline = pipeline, grpc = transport == "grpc", steps = {} }
  chain.timeout_ms, chain.body_bytes = tonumber(timeout_ms), tonumber(body_bytes)
  for service, model, step_ms, retries in text:gmatch("\n(%S+) (%S+) (%d+) (%d+)") do
    local step = { service = service, model = model, retries = tonumber(retries) }
    if step_ms ~= "0" then step.timeout_ms = tonumber(step_ms) end
    chain.steps[#chain.steps + 1] = step
  end
  return chain
end

-- The chain of the request's route; nil: it has none.
local function chain_of(handle)
  local text = handle:filterContext():get("chain")
  if text == nil then return nil end
  local chain = chains[text]
  if chain == nil then
    chain = parsed(text)
    chains[text] = chain
  end
  return chain
end

-- Failures --------------------------------------------------------------------------------------------------------------

-- Why an Envoy answered in a step's place: its response code details or its text, and what that means to a person.
local REASONS = {
  { "no.healthy.upstream", "it has no healthy instance" },
  { "cluster.not.found", "the gateway does not know the service" },
  { "connection.failure", "its instance refuses connections" },
  { "delayed.connect.error", "its instance refuses connections" },
  { "connection.timeout", "its instance does not take connections" },
  { "connection.termination", "the connection broke before it answered" },
  { "remote.reset", "the connection broke before it answered" },
  { "protocol.error", "it did not answer in HTTP" },
  { "overflow", "too many requests are under way" },
}

local function reason_for(text)
  for _, reason in ipairs(REASONS) do
    if text:find(reason[1]) then return reason[2] end
  end
  return text ~= "" and text or "no answer"
end

-- `body` if it is one short line of plain text: a page of HTML is no part of a sentence.
local function plain_sentence(kind, body)
  local plain = kind == nil or kind:find("text/plain", 1, true) ~= nil
  return plain and #body > 0 and #body <= QUOTE_BYTES and not body:find("[\n<]") and body or nil
end

-- Tell the access log and the metrics (manager/xds/metrics.py) why the request failed, and at which step, if it was one.
local function note_failure(handle, kind, sentence, position, step)
  -- The line ends and terminal controls that JSON does not escape: text of a step's may be a client's.
  local reason = valid_utf8(sentence:sub(1, LOGGED_BYTES))
  reason = reason:gsub("\127", "?"):gsub("\194[\128-\159]", "?"):gsub("\226\128[\168\169]", "?")
  local noted = { reason = reason, kind = kind }
  if step then noted.step, noted.service, noted.model = position, step.service, step.model end
  handle:streamInfo():dynamicMetadata():set("catenary", "failure", noted)
end

-- What a step's failure is to the metrics. `by`: why an Envoy answered in its place, or nil.
local function kind_of(status, by)
  if status == 504 then return "timeout" end
  if status == 429 and not by then return "overloaded" end
  if status >= 400 and status < 500 then return "rejected" end
  return by and not by:find("protocol.error") and "unreachable" or "failed"
end

-- What a step's failure says, to the client and to the access log. `answer`: its status, body and `kind` (content type);
-- `by`: why an Envoy answered in the step's place, or nil. Returns the status for the client, the sentence and the document.
local function failure(handle, context, position, answer, ids)
  local step = context.steps[position]
  local status = answer.status
  if status < 400 then status = 502 end
  local name = string.format("step %d (%s/%s) of pipeline '%s'", position, step.service, step.model, context.pipeline)
  local body = answer.body:sub(1, READ_BYTES)
  local said = string_member(body, "error") or plain_sentence(answer.kind, body)
  local sentence
  if status == 504 and answer.by then
    sentence = name .. " did not answer within its deadline"
  elseif answer.by then
    sentence = name .. " could not be reached: " .. reason_for(answer.by ~= "" and answer.by or body:sub(1, EXCERPT_BYTES))
  else
    sentence = string.format("%s answered %d%s", name, answer.status, said and ": " .. said or "")
  end
  note_failure(handle, kind_of(answer.status, answer.by), sentence, position, step)
  return status, sentence, json_object({
    { "type", "urn:catenary:step-failed" },
    { "title", TITLES[status] or "Step Failed" },
    { "status", status },
    { "detail", sentence },
    { "error", sentence },
    { "pipeline", context.pipeline },
    { "step", position },
    { "service", step.service },
    { "model", step.model },
    { "field", string_member(body, "field") },
    { "row", number_member(body, "row") },
    { "column", string_member(body, "column") },
    { "upstream_status", not answer.by and answer.status or nil },
    { "upstream_body", not answer.by and body ~= "" and body:sub(1, EXCERPT_BYTES) or nil },
    { "request_id", ids.request },
    { "trace_id", ids.trace },
  })
end

-- Answer now, from this filter; does not return.
local function respond(handle, status, sentence, document, ids, extra)
  local request, headers = handle:headers(), extra or {}
  request:replace(ANSWERED, "1")
  headers[":status"] = tostring(status)
  headers["content-type"] = "application/problem+json"
  headers[TRACE_ID] = ids.trace
  if is_grpc(request:get("content-type")) then
    headers[GRPC_STATUS] = tostring(GRPC_STATUSES[status] or 13)
    document = sentence
  end
  handle:respond(headers, document)
end

local function refuse(handle, context, status, kind, sentence, ids)
  note_failure(handle, status < 500 and "client" or "fault", sentence)
  local document = json_object({
    { "type", "urn:catenary:" .. kind },
    { "title", TITLES[status] },
    { "status", status },
    { "detail", sentence },
    { "error", sentence },
    { "pipeline", context and context.pipeline },
    { "request_id", ids.request },
    { "trace_id", ids.trace },
  })
  respond(handle, status, sentence, document, ids)
end

-- The request -----------------------------------------------------------------------------------------------------------

-- Milliseconds that the whole chain may take: the pipeline's, or less where the client asks for less; nil: no number.
local function budget_ms(context, headers)
  local asked = headers:get(TIMEOUT_MS)
  if asked == nil then return context.timeout_ms end
  local ms = asked:match("^%d+$") and tonumber(asked)
  if not ms or ms < 1 then return nil end
  return math.min(ms, context.timeout_ms)
end

-- Milliseconds that a call of gRPC may take by its own deadline, which the route keeps; nil: it has none. More than the
-- eight digits that gRPC allows are none to Envoy either.
local function call_ms(headers)
  local value, unit = (headers:get("grpc-timeout") or ""):match("^(%d+)(%a)$")
  local ms = value and #value <= 8 and GRPC_UNITS_MS[unit]
  return ms and tonumber(value) * ms
end

-- 413 where `length` bytes, declared or read, are too many.
local function refuse_over_limit(handle, context, length, ids)
  if length == nil or length <= context.body_bytes then return end
  local sentence = string.format("the body is larger than the limit of %d bytes", context.body_bytes)
  refuse(handle, context, 413, "too-large", sentence, ids)
end

-- One request on its way: `timings` and `start_us` for server-timing, `before_us` when its present step began.
local function give_up(handle, way, position, answer, extra)
  extra = extra or {}
  way.timings[#way.timings + 1] = string.format("total;dur=%.3f", (now_us(handle) - way.start_us) / 1000)
  extra["server-timing"] = table.concat(way.timings, ", ")
  local status, sentence, document = failure(handle, way.context, position, answer, way.ids)
  respond(handle, status, sentence, document, way.ids, extra)
end

-- Milliseconds left for the step at `position`; with none left, answers 504 and does not return.
local function left_ms(handle, way, position)
  local step = way.context.steps[position]
  local left = math.floor((way.deadline_us - now_us(handle)) / 1000)
  if left < 1 then give_up(handle, way, position, { status = 504, body = "", by = "" }) end
  return math.min(left, step.timeout_ms or left)
end

-- Call the step at `position` with `body`; its body. `request`: the headers to send, whose content type becomes its own.
local function call_step(handle, way, position, request, body)
  local step = way.context.steps[position]
  local timeout_ms = left_ms(handle, way, position)
  request[":path"] = "/" .. step.model
  request[":authority"] = step.service
  request[TIMEOUT_MS] = tostring(timeout_ms)
  request[PIPELINE] = way.context.pipeline
  request[STEP] = tostring(position)
  request[ENVOY_MAX_RETRIES] = tostring(step.retries)
  local answer, answered = handle:httpCall(step.service, request, body, { timeout_ms = timeout_ms })
  local after_us = now_us(handle)
  way.timings[position] = timing(step, after_us - way.before_us)
  way.before_us = after_us
  answered = answered or ""
  local status, kind = tonumber(answer[":status"]), answer["content-type"]
  if status < 200 or status > 299 then
    local by = answer[LOCAL_REPLY] or (answer[SERVICE_TIME] == nil and "" or nil)
    local extra = {}
    for _, name in ipairs(PASSED_BACK) do extra[name] = answer[name] end
    give_up(handle, way, position, { status = status, body = answered, kind = kind, by = by }, extra)
  end
  request["content-type"] = kind or "application/json"
  request["content-encoding"] = answer["content-encoding"]
  return answered
end

-- All steps but the last; what the last one is to get is put into the request.
local function call_steps(handle, way)
  local request = forwarded(handle)
  local buffer = handle:body()
  refuse_over_limit(handle, way.context, buffer and buffer:length(), way.ids) -- a chunked body declares none
  local body = buffer and buffer:getBytes(0, buffer:length()) or ""
  -- The deadline runs from when the request is here: how fast a client sends is not the chain's doing.
  way.before_us = now_us(handle)
  way.deadline_us = way.before_us + way.budget_us
  for position = 1, #way.context.steps - 1 do body = call_step(handle, way, position, request, body) end
  handle:body(true):setBytes(body)
  local headers = handle:headers()
  for _, name in ipairs({ "content-type", "content-encoding" }) do
    if request[name] then headers:replace(name, request[name]) else headers:remove(name) end
  end
end

-- The last step: its limits for Envoy's router, and what the answer will need.
local function hand_over(handle, way)
  local steps, headers = way.context.steps, handle:headers()
  local last = steps[#steps]
  local left = left_ms(handle, way, #steps)
  local own = way.context.grpc and call_ms(headers)
  local accept = headers:get("accept")
  local timeout, try_timeout, retries = left, nil, last.retries
  if own and own <= left then
    left = math.max(1, math.floor(own))
    timeout = 0 -- the route ends the call, whatever the number of tries
  elseif (accept and accept:find("text/event-stream", 1, true)) or is_grpc(headers:get("content-type")) then
    -- A stream may go on after its first headers; any other answer has to be whole within the deadline. The only limit to
    -- the first headers is one a try, which counts as a reset: with retries it would be several.
    timeout, try_timeout, retries = 0, left, 0
  end
  headers:replace(TIMEOUT_MS, tostring(left))
  headers:replace(PIPELINE, way.context.pipeline)
  headers:replace(STEP, tostring(#steps))
  headers:replace(ENVOY_TIMEOUT_MS, tostring(timeout))
  if try_timeout then headers:replace(ENVOY_TRY_TIMEOUT_MS, tostring(try_timeout)) end
  headers:replace(ENVOY_MAX_RETRIES, tostring(retries))
  -- How a call of gRPC ends stands in its trailers, and its path names a method: the metrics want the model.
  if way.context.grpc then handle:streamInfo():dynamicMetadata():set("catenary", "model", last.model) end
  way.timings[#steps] = timing(last) .. ", total;dur=%.3f"
  -- Lua's own rendering of a number keeps 14 digits, which cuts microseconds off.
  local entries = table.concat(way.timings, ", ")
  local state = string.format("%s|%.0f|%.0f|%s|%s", way.ids.trace, way.start_us, way.before_us, entries, way.ids.request)
  handle:streamInfo():filterState():set(LUA_STATE_KEY, "envoy.string", state)
end

local function run_chain(handle, context, ids)
  local headers = handle:headers()
  local budget = budget_ms(context, headers)
  if not budget then
    local sentence = TIMEOUT_MS .. " is a whole number of milliseconds from 1 on"
    refuse(handle, context, 400, "malformed-request", sentence, ids)
  end
  refuse_over_limit(handle, context, tonumber(headers:get("content-length") or nil), ids)
  local now = now_us(handle)
  local way = { context = context, ids = ids, timings = {}, start_us = now, before_us = now, budget_us = budget * 1000 }
  way.deadline_us = now + way.budget_us
  if #context.steps > 1 then call_steps(handle, way) end
  hand_over(handle, way)
end

function envoy_on_request(handle)
  local context
  local ids = { request = handle:headers():get("x-request-id") or "", trace = "" }
  local ok, fault = pcall(function()
    context = chain_of(handle)
    if context == nil then return end
    ids.trace = trace_of(handle)
    run_chain(handle, context, ids)
  end)
  if not ok then
    handle:logErr("chain of pipeline " .. tostring(context and context.pipeline) .. ": " .. tostring(fault))
    local sentence = "this is a fault in Catenary's gateway; its log holds the cause"
    refuse(handle, context, 500, "catenary-error", sentence, ids)
  end
end

-- The answer ------------------------------------------------------------------------------------------------------------

-- Put `document` in the place of the answer's body, whatever its length.
local function replace_body(handle, make)
  local length = tonumber(handle:headers():get("content-length") or nil)
  if length and length <= READ_BYTES then
    local buffer = handle:body(true)
    local body = buffer:length() > 0 and buffer:getBytes(0, buffer:length()) or ""
    buffer:setBytes(make(body))
    return
  end
  handle:headers():remove("content-length")
  local first = true
  for chunk in handle:bodyChunks() do
    local bytes = chunk:length() > 0 and chunk:getBytes(0, math.min(chunk:length(), READ_BYTES)) or ""
    chunk:setBytes(first and make(bytes) or "")
    first = false
  end
  if first then handle:body(true):setBytes(make("")) end -- it ended with its headers
end

-- The sentence for a gRPC client whose call an Envoy answered in the last step's place, with the status of gRPC's `code`.
local function unreachable(handle, context, code, why, ids)
  local status = code == GRPC_DEADLINE_EXCEEDED and 504 or 503
  local _, sentence = failure(handle, context, #context.steps, { status = status, body = "", by = why }, ids)
  return sentence
end

local function finish(handle, state)
  local trace, start_us, before_us, timings, request = state:match("^([^|]*)|([^|]*)|([^|]*)|([^|]*)|(.*)$")
  local headers = handle:headers()
  local now = now_us(handle)
  headers:replace("server-timing", string.format(timings, (now - before_us) / 1000, (now - start_us) / 1000))
  headers:replace(TRACE_ID, trace)
  local why = headers:get(LOCAL_REPLY)
  headers:remove(LOCAL_REPLY)

  local status = tonumber(headers:get(":status"))
  local kind = headers:get("content-type")
  local grpc = is_grpc(kind)
  if grpc and not why or not grpc and status >= 200 and status < 300 then return end
  local context = chain_of(handle)
  local ids = { request = request, trace = trace }
  if grpc then
    local sentence = unreachable(handle, context, headers:get(GRPC_STATUS), why, ids)
    headers:replace(GRPC_MESSAGE, percent_encoded(sentence))
    return
  end
  local upstream = headers:get(SERVICE_TIME) ~= nil
  if status == 408 and not upstream then return end -- the client was too slow, which is no step's failure
  local by = why or (not upstream and "" or nil)
  headers:replace(":status", tostring(status < 400 and 502 or status))
  headers:replace("content-type", "application/problem+json")
  headers:remove("content-encoding")
  replace_body(handle, function(body)
    local answer = { status = status, body = body, kind = kind, by = by }
    local _, _, document = failure(handle, context, #context.steps, answer, ids)
    return document
  end)
end

function envoy_on_response(handle)
  local state = handle:streamInfo():filterState():get(LUA_STATE_KEY)
  if state == nil then return end
  local ok, fault = pcall(finish, handle, state)
  if not ok then handle:logErr("answer of a chain: " .. tostring(fault)) end
end
