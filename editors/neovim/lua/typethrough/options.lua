--- What the user has chosen.
local M = {}

---@alias typethrough.Action 'accept'|'accept_word'|'accept_line'|'next'|'previous'|'dismiss'|'ask'|'toggle'

---@class typethrough.Options
---@field cmd? string[] How the server is started.
---@field env? table<string, string> Added to the server's environment; the place for endpoint, model and key.
---@field filetypes? string[]|false Only these; false for every file.
---@field disabled_filetypes? string[] Never these.
---@field keymaps? table<typethrough.Action, string|false>
---@field settings? table The server's settings.
---@field highlight? string|vim.api.keyset.highlight|false A group to look like, or a look of its own.

---@type typethrough.Options
local defaults = {
  cmd = { 'typethrough', '--stdio' },
  env = {},
  filetypes = false,
  disabled_filetypes = {},
  keymaps = {
    accept = '<Tab>',
    accept_word = '<M-Right>',
    accept_line = '<M-C-Right>',
    next = '<M-]>',
    previous = '<M-[>',
    dismiss = '<C-]>',
    ask = '<M-Bslash>',
    toggle = false,
  },
  settings = {},
  highlight = false,
}

---@type typethrough.Options
M.current = vim.deepcopy(defaults)

---@param chosen table<string, any>
---@param known table<string, any>
---@param where string
local function name_unknown(chosen, known, where)
  for name in vim.spairs(chosen) do
    if known[name] == nil then
      vim.notify(('typethrough: unknown option `%s%s`'):format(where, name), vim.log.levels.WARN)
    end
  end
end

---@param chosen typethrough.Options
function M.set(chosen)
  name_unknown(chosen, defaults, '')
  name_unknown(chosen.keymaps or {}, defaults.keymaps, 'keymaps.')
  M.current = vim.tbl_deep_extend('force', defaults, chosen)
end

return M
