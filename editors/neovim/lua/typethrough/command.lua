--- `:Typethrough`.
local M = {}

local client = require('typethrough.client')

---@type table<string, fun()>
local actions = {
  enable = function() client.enable(true) end,
  disable = function() client.enable(false) end,
  toggle = function() client.enable(not client.enabled) end,
  restart = client.restart,
  log = function() vim.cmd.tabedit(vim.fn.fnameescape(vim.lsp.log.get_filename())) end,
  status = function()
    local label, message = client.status(vim.api.nvim_get_current_buf())
    vim.notify(('typethrough: %s %s'):format(label == '' and 'not attached to this buffer' or label, message))
  end,
}

---@param name string
function M.run(name)
  local action = actions[name == '' and 'status' or name]
  if not action then
    return vim.notify(('typethrough: no such command: %s'):format(name), vim.log.levels.ERROR)
  end
  action()
end

---@param lead string
---@return string[]
function M.complete(lead)
  local names = vim.tbl_filter(function(name) return vim.startswith(name, lead) end, vim.tbl_keys(actions))
  table.sort(names)
  return names
end

return M
