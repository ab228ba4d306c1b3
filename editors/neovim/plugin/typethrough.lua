-- Starts typethrough with no `setup` call. Everything else is loaded when a file is opened.
if vim.g.loaded_typethrough then return end
vim.g.loaded_typethrough = true

if vim.fn.has('nvim-0.10') == 0 then
  vim.notify_once('typethrough: needs Neovim 0.10 or later', vim.log.levels.WARN)
  return
end

vim.api.nvim_create_user_command('Typethrough', function(call)
  require('typethrough.command').run(call.fargs)
end, {
  nargs = '*',
  complete = function(lead, line) return require('typethrough.command').complete(lead, line) end,
  desc = 'Ghost text: status, why, stats, doctor, toggle, enable, disable, pause, restart, log',
})

local group = vim.api.nvim_create_augroup('typethrough', {})

---@param events string[]
---@param module string
---@param act fun(module: table, event: { buf: integer, data: any })
local function on(events, module, act)
  vim.api.nvim_create_autocmd(events, {
    group = group,
    callback = function(event) act(require('typethrough.' .. module), event) end,
  })
end

-- FileType is not enough: a file whose type nobody knows has none.
on({ 'FileType', 'BufEnter', 'InsertEnter' }, 'server', function(server, event) server.start(event.buf) end)
on({ 'LspAttach' }, 'server', function(server, event) server.attached(event.data.client_id, event.buf) end)
on({ 'BufEnter', 'FocusGained' }, 'server', function(server, event) server.focus(event.buf) end)
on({ 'TextChangedI', 'TextChangedP', 'CursorMovedI' }, 'ghost', function(ghost) ghost.update() end)
-- The mode is entered after this event.
on({ 'InsertEnter' }, 'ghost', function(ghost) vim.schedule(ghost.update) end)
on({ 'InsertLeave', 'BufLeave', 'WinLeave' }, 'ghost', function(ghost) ghost.leave() end)
on({ 'LspDetach' }, 'ghost', function(ghost, event) ghost.leave(event.buf) end)
on({ 'ColorScheme' }, 'view', function(view) view.set_highlight() end)

-- By then the user's own mappings are there, to which the keys fall back.
if vim.v.vim_did_enter == 1 then
  require('typethrough.keymaps').set()
  require('typethrough.server').start(vim.api.nvim_get_current_buf())
else
  on({ 'VimEnter' }, 'keymaps', function(keymaps) keymaps.set() end)
end
