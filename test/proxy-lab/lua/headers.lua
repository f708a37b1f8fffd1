-- What of a client's request the backend gets to see.
local M = {}

-- Of one hop only, or made anew for the next one. The key of the handshake must never be passed on.
local OWN = {
  host = true, connection = true, upgrade = true, origin = true, ["keep-alive"] = true,
  ["content-length"] = true, ["transfer-encoding"] = true, ["x-forwarded-for"] = true,
}

local function is_own(name)
  return OWN[name] or name:sub(1, 14) == "sec-websocket-"
end

local function first(value)
  return type(value) == "table" and value[1] or value
end

-- Options for the library's `connect`: header lines, origin and subprotocol.
-- Only the first subprotocol is offered: the library tells nobody which one the backend chose.
function M.for_backend()
  local headers = ngx.req.get_headers()
  local lines = {}
  for name, values in pairs(headers) do
    if not is_own(name) then
      for _, value in ipairs(type(values) == "table" and values or { values }) do
        lines[#lines + 1] = name .. ": " .. tostring(value)
      end
    end
  end
  local before = first(headers["x-forwarded-for"])
  lines[#lines + 1] = "X-Forwarded-For: " .. (before and before .. ", " or "") .. ngx.var.remote_addr
  local offered = first(headers["sec-websocket-protocol"])
  return {
    headers = lines,
    origin = first(headers.origin),
    protocols = offered and offered:match("[^,%s]+"),
  }
end

return M
