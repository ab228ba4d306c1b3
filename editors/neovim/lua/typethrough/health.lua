--- `:checkhealth typethrough`.
local M = {}

local KEYS = { 'TYPETHROUGH_API_KEY', 'AI_GATEWAY_API_KEY', 'VERCEL_OIDC_TOKEN', 'OPENAI_API_KEY' }

local function check_program()
  local path = vim.fn.exepath(require('typethrough').options.cmd[1])
  if path == '' then
    return vim.health.error('the server is not on PATH', 'install it or set `cmd`: :help typethrough-install')
  end
  local started, process = pcall(vim.system, { path, '--version' }, { text = true })
  local answer = started and process:wait(5000)
  if answer and answer.code == 0 then
    vim.health.ok(('server: %s, %s'):format(vim.trim(answer.stdout), path))
  else
    vim.health.error(path .. ' --version failed')
  end
end

local function check_clients()
  local own = require('typethrough.client')
  local clients = vim.lsp.get_clients({ name = 'typethrough' })
  if #clients == 0 then
    vim.health.warn('no server is running', 'open a file; then see :Typethrough log and :Typethrough restart')
  end
  for _, client in ipairs(clients) do
    local buffers = vim.tbl_keys(client.attached_buffers)
    vim.health.ok(('attached: %d buffers, root %s'):format(#buffers, client.root_dir or 'none'))
    if not client:supports_method('textDocument/inlineCompletion') then
      vim.health.error('the server offers no inline completion')
    elseif buffers[1] and vim.lsp.inline_completion.is_enabled({ bufnr = buffers[1] }) then
      vim.health.ok(('inline completion is on; the server says: %s %s'):format(own.status(buffers[1])))
    else
      vim.health.warn('inline completion is off', ':Typethrough enable')
    end
  end
end

function M.check()
  vim.health.start('typethrough')
  if vim.fn.has('nvim-0.12') == 0 then
    return vim.health.error('needs Neovim 0.12 or later')
  end
  vim.health.ok('Neovim ' .. tostring(vim.version()))
  check_program()
  check_clients()
  local set = vim.tbl_filter(function(name) return (vim.env[name] or '') ~= '' end, KEYS)
  if #set > 0 then
    vim.health.ok('a key is set in ' .. table.concat(set, ', '))
  else
    vim.health.info('no key in the environment: the local lane works without one')
  end
end

return M
