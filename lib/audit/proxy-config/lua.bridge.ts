import { type Address, bracketed } from './address.js';

/** What the bridge needs to know. */
export interface BridgeSetup {
  readonly upstream: Address;
  readonly limitMs: number;
  /** How long the answer to a close frame may take, in seconds. */
  readonly closeSeconds: number;
}

/**
 * A WebSocket bridge in Lua for `content_by_lua_block`: everything that one side sends reaches the other, control
 * frames and closes included, and neither side outlives the other. It does the upgrade by hand, because
 * lua-resty-websocket's client answers 101 to the client whatever the backend says, and chooses no subprotocol.
 */
export function luaBridge({ upstream, limitMs, closeSeconds }: BridgeSetup): string {
  const host = bracketed(upstream).replace(/:\d+$/, '');
  return indent(`local HOST, PORT = "${host}", ${upstream.port}
local LIMIT = ${limitMs} -- milliseconds: silence of one side, or a send without progress, ends both
local CLOSE_WAIT = ${closeSeconds} -- seconds for the answer to a close frame
local MAX_FRAME = 16 * 1024 * 1024 -- bytes; a frame is held in memory as a whole
-- Headers that end here: of one hop, or said anew.
local OURS = { connection = true, upgrade = true, te = true, trailer = true, ["keep-alive"] = true,
  ["transfer-encoding"] = true, ["content-length"] = true, ["proxy-connection"] = true,
  ["sec-websocket-extensions"] = true, ["x-forwarded-for"] = true, ["x-forwarded-proto"] = true,
  date = true, server = true }
local OPCODES = { continuation = 0x0, text = 0x1, binary = 0x2, close = 0x8, ping = 0x9, pong = 0xa }

local protocol = require "resty.websocket.protocol"

if string.lower(ngx.var.http_upgrade or "") ~= "websocket" then
  ngx.header["Upgrade"] = "websocket"
  return ngx.exit(426)
end

-- The backend first: what it says to the upgrade is what the client gets to hear.
local backend = ngx.socket.tcp()
backend:settimeouts(5000, LIMIT, LIMIT)
local ok, err = backend:connect(HOST, PORT)
if not ok then
  ngx.log(ngx.ERR, "no connection to the backend: ", err)
  return ngx.exit(502)
end

-- All headers go on, cookies, Origin, Authorization and subprotocols among them. The client's key does too, so
-- that the backend's answer is valid for the client. Extensions do not: the library reads no compressed frames.
local before = ngx.var.http_x_forwarded_for
local request = { "GET " .. ngx.var.request_uri .. " HTTP/1.1",
  "Connection: Upgrade", "Upgrade: websocket",
  "X-Forwarded-For: " .. (before and before .. ", " or "") .. ngx.var.remote_addr,
  "X-Forwarded-Proto: " .. ngx.var.scheme }
for name, values in pairs(ngx.req.get_headers(0, true)) do
  if not OURS[string.lower(name)] then
    for _, value in ipairs(type(values) == "table" and values or { values }) do
      request[#request + 1] = name .. ": " .. tostring(value)
    end
  end
end
ngx.req.read_body()
backend:send(table.concat(request, "\\r\\n") .. "\\r\\n\\r\\n")

local first = backend:receive("*l")
local status = tonumber(string.match(first or "", "^HTTP/1%.1 (%d%d%d)"))
if not status then
  ngx.log(ngx.ERR, "the backend did not answer the upgrade")
  return ngx.exit(502)
end
local cookies = {}
for _ = 1, 100 do
  local line = backend:receive("*l")
  if not line or line == "" then break end
  local name, value = string.match(line, "^([^:%s]+):%s*(.-)%s*$")
  local lower = string.lower(name or "date")
  if not OURS[lower] and lower ~= "content-type" then
    if lower == "set-cookie" then -- the one header that comes several times and cannot be joined
      cookies[#cookies + 1] = value
      value = cookies
    end
    ngx.header[name] = value
  end
end

-- A refusal (401, 503 with Retry-After) is passed on, without its text.
if status ~= 101 then
  backend:close()
  ngx.status = status
  ngx.header["Content-Length"] = 0
  return ngx.exit(ngx.OK)
end

ngx.status = 101
ngx.header["Upgrade"] = "websocket"
ngx.send_headers()
ngx.flush(true)
local client = ngx.req.socket(true)
client:settimeouts(5000, LIMIT, LIMIT)

-- Everything one side says is said to the other, pings, pongs and close frames as they are. Nothing is answered
-- here: a ping that the proxy answers proves nothing about the client.
local function pump(from, to, is_client)
  while true do
    local data, kind, more = protocol.recv_frame(from, MAX_FRAME, is_client)
    if not kind then return is_client, false, more end
    if kind == "close" then
      data = more and string.char(math.floor(more / 256), more % 256) .. data or ""
    end
    -- A fragment that is not the last one comes with "again".
    local is_last = kind == "close" or more ~= "again"
    -- Frames for a server are masked (RFC 6455, section 5.3).
    local sent, why = protocol.send_frame(to, is_last, OPCODES[kind], data, MAX_FRAME, is_client)
    if not sent then return is_client, false, why end
    if kind == "close" then return is_client, true end
  end
end

local up = ngx.thread.spawn(pump, client, backend, true)
local down = ngx.thread.spawn(pump, backend, client, false)
local _, was_up, has_closed, why = ngx.thread.wait(up, down)

-- One side has ended. After a close frame the other one gets time for its own; without one, the connection is
-- simply dropped, as a transparent proxy does: both sides see 1006, and nobody takes a lost client for one that
-- said goodbye.
if has_closed then
  local clock = ngx.thread.spawn(function() ngx.sleep(CLOSE_WAIT) end)
  ngx.thread.wait(was_up and down or up, clock)
elseif why then
  ngx.log(ngx.INFO, was_up and "client to backend: " or "backend to client: ", why)
end
ngx.thread.kill(up)
ngx.thread.kill(down)
backend:close()
return ngx.exit(444)`);
}

function indent(lua: string): string {
  return lua
    .split('\n')
    .map((line) => (line === '' ? '' : `        ${line}`))
    .join('\n');
}
