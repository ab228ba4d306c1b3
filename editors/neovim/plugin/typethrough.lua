-- Starts typethrough with no `setup` call: the command, and the built-in client's own way of enabling a server.
if vim.g.loaded_typethrough then
  return
end
vim.g.loaded_typethrough = true

if vim.fn.has('nvim-0.12') == 0 then
  vim.notify_once('typethrough: needs Neovim 0.12 or later', vim.log.levels.WARN)
  return
end

vim.api.nvim_create_user_command('Typethrough', function(call)
  require('typethrough.command').run(call.args)
end, {
  nargs = '?',
  complete = function(lead)
    return require('typethrough.command').complete(lead)
  end,
  desc = 'Ghost text: toggle, enable, disable, status, log, restart',
})

vim.lsp.enable('typethrough')
