--- `:Typethrough`.
local compat = require('typethrough.compat')
local server = require('typethrough.server')
local status = require('typethrough.status')

local M = {}

local SCOPES = { 'everywhere', 'file', 'language', 'pause' }
local MOST_REQUESTS = 100
-- It ends by itself within a little more than a minute.
local DOCTOR_MS = 90000
local SCOPED = { disable = true, enable = true, toggle = true }

---@type integer? The window that is open.
local window

local function close()
  if window and vim.api.nvim_win_is_valid(window) then vim.api.nvim_win_close(window, true) end
  window = nil
end

--- Shows lines in a window of their own; q or Esc closes it. There is one at most. Its size is that of the text, whatever
--- window the user is in: Neovim's own preview has no room beside a small one.
---@param lines string[]
local function float(lines)
  close()
  local text = vim.split(table.concat(lines, '\n'), '\n', { plain = true })
  local widest = math.max(1, unpack(vim.tbl_map(vim.api.nvim_strwidth, text)))
  local width = math.max(1, math.min(widest, vim.o.columns - 4))
  local rows = vim.iter(text):fold(0, function(sum, line)
    return sum + math.max(1, math.ceil(vim.api.nvim_strwidth(line) / width))
  end)
  local height = math.max(1, math.min(rows, vim.o.lines - vim.o.cmdheight - 3))
  local bufnr = vim.api.nvim_create_buf(false, true)
  vim.api.nvim_buf_set_lines(bufnr, 0, -1, true, text)
  local look = { relative = 'editor', row = 0, col = 1, width = width, height = height, border = 'rounded' }
  window = vim.api.nvim_open_win(bufnr, true, vim.tbl_extend('force', look, { style = 'minimal' }))
  vim.bo[bufnr].bufhidden, vim.bo[bufnr].modifiable, vim.bo[bufnr].filetype = 'wipe', false, 'typethrough'
  vim.wo[window].wrap = true
  vim.cmd.stopinsert()
  for _, key in ipairs({ 'q', '<Esc>' }) do
    vim.keymap.set('n', key, close, { buffer = bufnr, nowait = true })
  end
end

--- Asks the server something that is to be shown.
---@param what 'why'|'stats'
---@param params table
---@param show fun(answer: table)
local function ask(what, params, show)
  local client = server.client(0)
  if not client then return float(status.lines(0)) end
  compat.call(client, 'request', 'typethrough/' .. what, params, function(err, answer)
    if err then return status.tell(('the server does not answer `%s`: %s'):format(what, err.message), 'WARN') end
    show(answer)
  end, 0)
end

--- Has the system show a page, in a browser most likely. The file is there when Neovim has ended, until the next page.
---@param answer { html: string }
local function open_page(answer)
  local folder = vim.fn.stdpath('cache') --[[@as string]]
  local path = vim.fs.joinpath(folder, 'typethrough-stats.html')
  vim.fn.mkdir(folder, 'p')
  vim.fn.writefile(vim.split(answer.html, '\n'), path)
  local _, problem = vim.ui.open(path)
  status.tell(('%s: %s'):format(problem or 'the statistics', path), problem and 'WARN')
end

--- Shows what the server's own doctor finds. It is a program by itself, for it is wanted most when no server runs.
local function doctor()
  local options = require('typethrough.options').current
  local command = vim.tbl_filter(function(word) return word ~= '--stdio' end, options.cmd)
  local settings = vim.json.encode(next(options.settings or {}) and options.settings or vim.empty_dict())
  vim.list_extend(command, { 'doctor', '--settings', settings })
  local system = { text = true, env = options.env, timeout = DOCTOR_MS }
  local started, problem = pcall(vim.system, command, system, function(ended)
    local said = vim.trim(ended.stdout ~= '' and ended.stdout or ended.stderr)
    status.after_typing(function() float({ said ~= '' and said or 'the doctor did not end in time' }) end)
  end)
  if not started then return status.tell(('the doctor could not be started: %s'):format(problem), 'ERROR') end
  status.tell('looking at all that suggestions need …')
end

---@param on boolean
---@return fun(scope?: typethrough.Scope, minutes?: string)
local function switch(on)
  return function(scope, minutes)
    require('typethrough.switches').switch(scope or 'everywhere', on, tonumber(minutes))
  end
end

---@type table<string, fun(...: string)>
local actions = {
  disable = switch(false),
  doctor = doctor,
  enable = switch(true),
  log = function() vim.cmd.tabedit(vim.fn.fnameescape(require('vim.lsp.log').get_filename())) end,
  pause = function(minutes) switch(false)('pause', minutes) end,
  restart = server.restart,
  stats = function() ask('stats', vim.empty_dict(), open_page) end,
  status = function() float(status.lines(0)) end,
  toggle = function(scope, minutes) require('typethrough').toggle(scope, tonumber(minutes)) end,
  why = function(limit)
    ask('why', { limit = tonumber(limit) or MOST_REQUESTS }, function(answer) float(answer.lines) end)
  end,
}

---@param words string[]
function M.run(words)
  local name = words[1] or 'status'
  if not actions[name] or (SCOPED[name] and words[2] and not vim.list_contains(SCOPES, words[2])) then
    return status.tell('no such command: ' .. table.concat(words, ' '), 'ERROR')
  end
  -- What is asked in our own window is about the file behind it.
  if window == vim.api.nvim_get_current_win() then close() end
  actions[name](unpack(words, 2))
end

---@param lead string
---@param line string The whole command line.
---@return string[]
function M.complete(lead, line)
  local words = vim.split(line, '%s+')
  local names = #words == 2 and vim.tbl_keys(actions) or #words == 3 and SCOPED[words[2]] and SCOPES or {}
  table.sort(names)
  return vim.tbl_filter(function(name) return vim.startswith(name, lead) end, names)
end

return M
