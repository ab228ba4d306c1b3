--- What a user's configuration calls. The server decides what is suggested and when; this plugin starts it, maps the
--- keys and says how it is doing.
local M = {}

---@class typethrough.Options
---@field cmd? string[] How the server is started.
---@field filetypes? string[]|false Only these; false for every file.
---@field disabled_filetypes? string[] Never these.
---@field keymaps? table<'accept'|'next'|'previous'|'toggle', string|false>
---@field settings? table The server's settings.
---@field highlight? string|vim.api.keyset.highlight|false A group to look like, or a look of its own.

---@type typethrough.Options
local defaults = {
  cmd = { 'typethrough', '--stdio' },
  filetypes = false,
  disabled_filetypes = {},
  keymaps = { accept = '<Tab>', next = '<M-]>', previous = '<M-[>', toggle = false },
  settings = {},
  highlight = false,
}

M.options = vim.deepcopy(defaults)

local function set_highlight()
  local look = M.options.highlight
  if look then
    vim.api.nvim_set_hl(0, 'ComplHint', type(look) == 'string' and { link = look } or look --[[@as table]])
  end
end

--- Changes the defaults. Optional: without it everything works with the defaults.
---@param options? typethrough.Options
function M.setup(options)
  for name in vim.spairs(options or {}) do
    if defaults[name] == nil then
      vim.notify(('typethrough: unknown option `%s`'):format(name), vim.log.levels.WARN)
    end
  end
  M.options = vim.tbl_deep_extend('force', defaults, options or {})
  vim.lsp.config('typethrough', require('typethrough.client').config())
  local group = vim.api.nvim_create_augroup('typethrough.highlight', {})
  vim.api.nvim_create_autocmd('ColorScheme', { group = group, callback = set_highlight })
  set_highlight()
end

--- A word or two for the statusline; empty where typethrough does not run.
---@return string
function M.status()
  return (require('typethrough.client').status(vim.api.nvim_get_current_buf()))
end

--- Switches ghost text off and on again.
function M.toggle()
  local client = require('typethrough.client')
  client.enable(not client.enabled)
end

--- Inserts the ghost text; for a key of your own.
---@return boolean # false when none is shown
function M.accept()
  return require('typethrough.ghost').accept(vim.api.nvim_get_current_buf())
end

return M
