-- A protocol-terminating proxy with lua-resty-websocket: two WebSockets and a light thread for each direction.
-- What each behaviour means is told in proxy.ts.
local client = require "resty.websocket.client"
local server = require "resty.websocket.server"
local headers = require "headers"
local Locked = require "locked"

local M = {}

local LONG_MS = 600000
local MAX_PAYLOAD = 16 * 1024 * 1024
-- How long the answer to a close frame is waited for.
local CLOSING_SECONDS = 2
-- A thread that waits cannot be ended without ending its socket: one whose socket is to be kept looks up this often.
local LOOK_UP_MS = 50
local GOING_AWAY = 1001

-- Control frames end at this hop, or are passed on, or are lost.
local function control(behaviour, kind, data, from, to)
  if behaviour == "forward" then
    to:send(kind, true, data)
  elseif kind == "ping" and behaviour ~= "drop" then
    from:send("pong", true, data)
  end
end

-- Passes frames on until one side ends. Returns how: "closed" with code and reason, "silent", "gone", "lost" (the other
-- side takes nothing any more) or "released".
local function pump(session, from, to)
  while true do
    local data, kind, extra = from:receive()
    if not data and kind ~= "silence" then
      return "gone"
    elseif kind == "close" then
      return "closed", extra, data
    elseif kind == "silence" then
      if session.behaviour == "idle" then return "silent" end
      if session.released then return "released" end
    elseif kind == "ping" or kind == "pong" then
      control(session.behaviour, kind, data, from, to)
    elseif not to.left and not to:send(kind, extra, data) and not to.may_leave then
      return "lost"
    end
  end
end

-- Tells each side that is still there how the other one ended.
local function pass_end(from, to, how, code, reason)
  if how == "closed" then
    to:close(code, reason)
    from:close(code, reason)
  elseif how == "lost" then
    to:give_up()
    from:close(GOING_AWAY, to.name .. " gone")
  else
    from:give_up()
    to:close(GOING_AWAY, from.name .. (how == "silent" and " idle" or " gone"))
  end
end

-- The client ended. A correct bridge tells the backend; a ghost only says good-bye; a pool keeps the backend's side.
local function from_client(session)
  local downstream, upstream = session.downstream, session.upstream
  local how, code, reason = pump(session, downstream, upstream)
  local keeps = session.behaviour == "ghost" or session.behaviour == "pool"
  if not keeps then
    pass_end(downstream, upstream, how, code, reason)
  elseif how == "closed" then
    downstream:close(code, reason)
  end
  downstream.left = true
  session.released = session.behaviour == "pool"
  return "client"
end

local function from_backend(session)
  local how, code, reason = pump(session, session.upstream, session.downstream)
  if how ~= "released" then
    session.released = false
    pass_end(session.upstream, session.downstream, how, code, reason)
  end
  return how == "released" and "released" or "backend"
end

local function connect(backend, behaviour)
  local upstream = client:new{ timeout = 5000, max_payload_len = MAX_PAYLOAD }
  local options = headers.for_backend()
  -- The library asks for no upgrade on a socket from the pool, whoever that was.
  options.pool = behaviour == "pool" and backend .. ngx.var.uri or nil
  local ok, err = upstream:connect("ws://" .. backend .. ngx.var.request_uri, options)
  if not ok then
    ngx.log(ngx.WARN, "backend: ", err)
    return ngx.exit(502)
  end
  if options.protocols then ngx.req.set_header("Sec-WebSocket-Protocol", options.protocols) end
  return upstream
end

local function accept(upstream)
  local downstream, err = server:new{ timeout = LONG_MS, max_payload_len = MAX_PAYLOAD }
  if not downstream then
    ngx.log(ngx.WARN, "client: ", err)
    upstream:close()
    return ngx.exit(400)
  end
  return downstream
end

local function side(name, websocket, wait_ms)
  local locked = Locked.new(websocket, LONG_MS)
  locked.name = name
  locked:wait_for_frames(wait_ms)
  return locked
end

-- Waits for the other direction, but not long: its peer may be one that answers nothing any more.
local function finish(thread)
  local limit = ngx.thread.spawn(function() ngx.sleep(CLOSING_SECONDS) end)
  ngx.thread.wait(thread, limit)
end

function M.run(backend, behaviour, idle_ms)
  local websocket = connect(backend, behaviour)
  local wait_ms = behaviour == "idle" and idle_ms or LONG_MS
  local session = { behaviour = behaviour }
  session.downstream = side("client", accept(websocket), wait_ms)
  session.downstream.may_leave = behaviour == "ghost" or behaviour == "pool"
  session.upstream = side("backend", websocket, behaviour == "pool" and LOOK_UP_MS or wait_ms)

  local clients = ngx.thread.spawn(from_client, session)
  local backends = ngx.thread.spawn(from_backend, session)
  local _, first = ngx.thread.wait(clients, backends)
  if first == "backend" then
    finish(clients)
  elseif behaviour == "ghost" then
    ngx.thread.wait(backends)
  elseif behaviour == "pool" then
    local _, how = ngx.thread.wait(backends)
    if how == "released" then websocket:set_keepalive(LONG_MS, 100) end
  else
    finish(backends)
  end
  return ngx.exit(444)
end

return M
