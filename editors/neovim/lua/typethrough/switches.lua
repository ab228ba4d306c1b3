--- What the user has switched off. The server knows it as long as it runs; this remembers it for the server after that one.
local compat = require('typethrough.compat')
local status = require('typethrough.status')

local M = {}

---@alias typethrough.Scope 'everywhere'|'language'|'file'|'pause'

local PAUSE_MINUTES = 10

---@type table<string, { scope: typethrough.Scope, uri?: string, until_ms?: number }?> By scope, and what it is for.
local off = {}

---@param scope typethrough.Scope
---@return string key, string? uri
local function meaning(scope)
  local uri = vim.uri_from_bufnr(0)
  local subject = ({ language = vim.bo.filetype, file = uri })[scope]
  return scope .. ' ' .. (subject or ''), subject and uri
end

---@param client vim.lsp.Client
---@param params { scope: typethrough.Scope, on: boolean, uri?: string, minutes?: integer }
---@param on_answer? fun(report: typethrough.Status)
local function send(client, params, on_answer)
  compat.call(client, 'request', 'typethrough/switch', params, function(err, report)
    if err then return status.tell('the server cannot switch: ' .. err.message, 'WARN') end
    status.set(client.id, report)
    return on_answer and on_answer(report)
  end, 0)
end

--- Whether the user has switched this off, here.
---@param scope typethrough.Scope
---@return boolean
function M.is_off(scope)
  local entry = off[meaning(scope)]
  return entry ~= nil and (entry.until_ms or math.huge) > vim.uv.now()
end

---@param scope typethrough.Scope
---@param on boolean
---@param minutes? integer For a pause.
function M.switch(scope, on, minutes)
  local server, ghost = require('typethrough.server'), require('typethrough.ghost')
  local key, uri = meaning(scope)
  local here = server.client(0)
  minutes = scope == 'pause' and not on and (minutes or PAUSE_MINUTES) or nil
  off[key] = not on and { scope = scope, uri = uri, until_ms = minutes and vim.uv.now() + minutes * 60000 } or nil
  ghost.leave()
  for _, client in ipairs(uri and { here } or server.clients()) do
    send(client, { scope = scope, on = on, uri = uri, minutes = minutes }, client == here and function(report)
      status.tell(report.message)
      ghost.update()
    end or nil)
  end
end

--- Tells a server that has just begun what is off.
---@param client vim.lsp.Client
---@param bufnr integer
function M.replay(client, bufnr)
  for _, entry in pairs(off) do
    local left = (entry.until_ms or math.huge) - vim.uv.now()
    if left > 0 and (not entry.uri or entry.uri == vim.uri_from_bufnr(bufnr)) then
      local minutes = entry.until_ms and math.ceil(left / 60000)
      send(client, { scope = entry.scope, on = false, uri = entry.uri, minutes = minutes })
    end
  end
end

return M
