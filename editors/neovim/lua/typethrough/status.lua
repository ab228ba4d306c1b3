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
--- What the user was told last, by the server or by the plugin.
local said = ''
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
    -- Within a command it would move the place where the command's message begins.
    vim.schedule(function() vim.cmd.redrawstatus({ bang = true }) end)
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

--- Whether this is Neovim's function, which writes on the command line. Neovim 0.12 has no names of its own sources.
---@param notify function|table
local function is_own(notify)
  local source = type(notify) == 'function' and debug.getinfo(notify, 'S').source or ''
  return source == '?' or vim.startswith(source, '@vim/')
end

--- Does something once nobody types: at once, or when Insert mode ends.
---@param act fun()
function M.after_typing(act)
  vim.schedule(function()
    if not vim.api.nvim_get_mode().mode:find('^[iR]') then return act() end
    vim.api.nvim_create_autocmd('InsertLeave', { once = true, callback = vim.schedule_wrap(act) })
  end)
end

--- Says something on one line: a longer message would stop the typing until Enter is pressed. `:messages` has all of it.
--- 'showmode' hides a message that comes in Insert mode, so it is said again at the end of that mode.
---@param message string
---@param level? 'ERROR'|'WARN'
function M.tell(message, level)
  local text = 'typethrough: ' .. message:gsub('^typethrough: ', ''):gsub('%s+', ' ')
  -- What another plugin has put there has room for long texts, and is seen in each mode.
  if not is_own(vim.notify) then return vim.notify(text, vim.log.levels[level or 'INFO']) end
  local look = level == 'ERROR' and 'ErrorMsg' or level == 'WARN' and 'WarningMsg' or 'None'
  local shortmess = vim.o.shortmess
  vim.opt.shortmess:append('T')
  vim.cmd(('echohl %s | echomsg %s | echohl None'):format(look, vim.fn.string(text)))
  vim.o.shortmess = shortmess
  said = text
  if not (vim.o.showmode and vim.api.nvim_get_mode().mode:find('^[iR]')) then return end
  M.after_typing(function()
    local pointer, room = ' … :Typethrough', vim.o.columns - 12
    if said ~= text then return end
    if vim.api.nvim_strwidth(text) > room then
      text = vim.fn.strcharpart(text, 0, room - vim.api.nvim_strwidth(pointer)) .. pointer
    end
    vim.api.nvim_echo({ { text, look } }, false, {})
  end)
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
