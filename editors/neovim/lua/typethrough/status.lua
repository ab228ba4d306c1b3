--- What the server says of itself, for the statusline and for the user.
local M = {}

---@class typethrough.Status The server's `typethrough/status`.
---@field kind string
---@field message string
---@field last? { source: string, latencyMs: number }
---@field keptBack? integer
---@field today? { promptTokens: integer, cachedTokens: integer, outputTokens: integer, dollars: number }

---@type table<string, string> What the statusline says of each kind.
local LABELS = {
  ready = 'TT',
  busy = 'TT …',
  ['local'] = 'TT local',
  no_key = 'TT no key',
  rate_limited = 'TT waiting',
  over_limit = 'TT limit',
  error = 'TT error',
  off = 'TT off',
  stopped = 'TT stopped',
}

---@type table<integer, typethrough.Status?> By client.
local reports = {}
--- The last message that the server had for the user.
local told = ''
local drawn = ''

--- How typethrough is in a buffer; nothing where it does not run.
---@param bufnr integer
---@return typethrough.Status?
function M.report(bufnr)
  local server = require('typethrough.server')
  local client = server.client(bufnr)
  if client then
    return reports[client.id] or { kind = 'ready', message = '' }
  elseif server.is_halted then
    return { kind = 'stopped', message = 'The server has ended. :Typethrough restart starts it again.' }
  end
end

--- A word or two for the statusline.
---@param bufnr integer
---@return string
function M.label(bufnr)
  local report = M.report(bufnr)
  return report and (LABELS[report.kind] or 'TT ' .. report.kind) or ''
end

--- Draws the statusline anew when the word in it has changed.
function M.redraw()
  local label = M.label(vim.api.nvim_get_current_buf())
  if label ~= drawn then
    drawn = label
    vim.cmd.redrawstatus({ bang = true })
  end
end

--- Takes what a server says of itself; what it leaves out stays as it was.
---@param client_id integer
---@param report typethrough.Status
function M.set(client_id, report)
  local known = reports[client_id] or {}
  for key, value in pairs(report) do
    known[key] = value ~= vim.NIL and value or nil
  end
  reports[client_id] = known
  M.redraw()
end

--- Says something on one line: a longer message would stop the typing until Enter is pressed.
---@param message string
---@param level? 'ERROR'|'WARN'
function M.tell(message, level)
  local text, pointer = 'typethrough: ' .. message:gsub('^typethrough: ', ''):gsub('%s+', ' '), ' … :Typethrough'
  local room = vim.o.columns - 12
  if vim.api.nvim_strwidth(text) > room then
    text = vim.fn.strcharpart(text, 0, room - vim.api.nvim_strwidth(pointer)) .. pointer
  end
  vim.notify(text, vim.log.levels[level or 'INFO'])
end

---@param params { type: integer, message: string }
function M.show_message(params)
  told = params.message
  M.tell(told, ({ 'ERROR', 'WARN' })[params.type])
end

--- All there is to say, in lines.
---@param bufnr integer
---@return string[]
function M.lines(bufnr)
  local report = M.report(bufnr)
  if not report then
    return { 'typethrough does not run in this buffer; :checkhealth typethrough' }
  end
  local lines = { ('%s  %s'):format(M.label(bufnr), report.message) }
  local last, today = report.last, report.today
  if last then
    table.insert(lines, ('Last suggestion: %s, %.0f ms'):format(last.source, last.latencyMs))
  end
  if (report.keptBack or 0) > 0 then
    table.insert(lines, ('Secrets kept back from the model: %d'):format(report.keptBack))
  end
  if today then
    local form = 'Today: %d prompt tokens (%d of them cached), %d output tokens, $%.4f'
    table.insert(lines, form:format(today.promptTokens, today.cachedTokens, today.outputTokens, today.dollars))
  end
  return vim.list_extend(lines, told ~= '' and told ~= report.message and { told } or {})
end

return M
