--- What differs between Neovim 0.10 and the versions after it.
local M = {}

---@alias typethrough.Encoding 'utf-8'|'utf-16'|'utf-32'

local is_modern = vim.fn.has('nvim-0.11') == 1

--- Calls a method of a client; up to 0.10 these were functions that knew their client.
---@param client vim.lsp.Client
---@param method 'request'|'notify'|'cancel_request'|'is_stopped'|'stop'
---@return any ...
function M.call(client, method, ...)
  local run = client[method] --[[@as function]]
  if is_modern then return run(client, ...) end
  return run(...)
end

--- The length of a text in a protocol's units.
---@param text string
---@param encoding typethrough.Encoding
---@return integer
function M.units(text, encoding)
  if encoding == 'utf-8' then
    return #text
  elseif is_modern then
    return vim.str_utfindex(text, encoding)
  end
  local utf32, utf16 = vim.str_utfindex(text)
  return encoding == 'utf-16' and utf16 or utf32
end

--- The bytes before a place in a line that is given in a protocol's units; past the end counts as the end.
---@param line string
---@param units integer
---@param encoding typethrough.Encoding
---@return integer
function M.bytes(line, units, encoding)
  units = math.min(units, M.units(line, encoding))
  if encoding == 'utf-8' then return units end
  return is_modern and vim.str_byteindex(line, encoding, units)
    or vim.str_byteindex(line, units, encoding == 'utf-16')
end

return M
