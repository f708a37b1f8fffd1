-- A WebSocket of the library that several light threads write to. A cosocket refuses a second writer ("socket busy
-- writing") while the first one waits for room in the kernel.
local semaphore = require "ngx.semaphore"

local Locked = {}
Locked.__index = Locked

local OPCODES = { continuation = 0x0, text = 0x1, binary = 0x2, ping = 0x9, pong = 0xa }
-- A receive timeout between two frames. Within a frame it is the end: what was read of it is lost.
local SILENCE = "failed to receive the first 2 bytes: timeout"

function Locked.new(websocket, send_timeout_ms)
  return setmetatable({ ws = websocket, turn = semaphore.new(1), send_timeout_ms = send_timeout_ms }, Locked)
end

-- The library's one timeout is for both directions, which makes a slow reader a fatal error after a short silence.
function Locked:wait_for_frames(timeout_ms)
  self.ws.sock:settimeouts(5000, self.send_timeout_ms, timeout_ms)
end

-- Returns payload, type and `fin`; or nothing and "silence" or the error. A close comes as reason, "close" and code.
function Locked:receive()
  local data, kind, more = self.ws:recv_frame()
  if not kind then
    return nil, more == SILENCE and "silence" or more
  end
  if kind == "close" then
    return data, kind, more
  end
  return data, kind, more ~= "again"
end

-- What comes after a close frame is for nobody.
function Locked:send(kind, fin, data)
  if self.closed then return true end
  return self:exclusively(function(ws) return ws:send_frame(fin, OPCODES[kind], data) end)
end

-- Once only.
function Locked:close(code, reason)
  if self.closed then return end
  self.closed = true
  return self:exclusively(function(ws) return ws:send_close(code, reason) end)
end

-- Nobody is there any more to be told anything.
function Locked:give_up()
  self.closed = true
end

function Locked:exclusively(write)
  local ok, err = self.turn:wait(self.send_timeout_ms / 1000)
  if not ok then return nil, err end
  local sent, problem = write(self.ws)
  self.turn:post(1)
  return sent, problem
end

return Locked
