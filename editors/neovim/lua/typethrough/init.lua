--- What a user's configuration calls. The server decides what is suggested and when; this plugin starts it, shows what it
--- sends, maps the keys and says how it is doing.
local M = {}

--- Changes the defaults. Optional: without it everything works with the defaults.
---@param options? typethrough.Options
function M.setup(options)
  require('typethrough.options').set(options or {})
  if vim.fn.has('nvim-0.11') == 1 then
    vim.lsp.config('typethrough', require('typethrough.server').config())
  end
  require('typethrough.view').set_highlight()
  if vim.v.vim_did_enter == 1 then require('typethrough.keymaps').set() end
end

local function ghost() return require('typethrough.ghost') end

-- Each of these returns false when there was nothing to do.
--- Inserts the ghost text, or its next word, or the rest of its line.
function M.accept() return ghost().accept() end
function M.accept_word() return ghost().accept('word') end
function M.accept_line() return ghost().accept('line') end

--- Shows another suggestion, `count` further or back.
---@param count? integer
function M.next(count) return ghost().cycle(count or 1) end
---@param count? integer
function M.previous(count) return ghost().cycle(-(count or 1)) end

--- Asks now, also where no suggestion comes by itself.
function M.ask() return ghost().cycle(0) end

--- Sends the ghost text away; it is not offered at that place again.
function M.dismiss() return ghost().dismiss() end

--- Whether ghost text is on screen.
function M.is_shown() return ghost().is_shown() end

--- Switches ghost text off, or on again when it is off.
---@param scope? typethrough.Scope
---@param minutes? integer For a pause.
function M.toggle(scope, minutes)
  local switches = require('typethrough.switches')
  switches.switch(scope or 'everywhere', switches.is_off(scope or 'everywhere'), minutes)
  return true
end

--- A word or two for the statusline; empty where typethrough does not run.
---@return string
function M.status() return require('typethrough.status').label(vim.api.nvim_get_current_buf()) end

--- The same in full, for a statusline of your own; nil where typethrough does not run.
---@return typethrough.Status?
function M.report() return require('typethrough.status').report(vim.api.nvim_get_current_buf()) end

return M
